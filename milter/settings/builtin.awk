# Makes C of the lists and phrases: their names come in, a line each.
function quoted(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/\t/, "\\t", text)
	return "\"" text "\\n\""
}
BEGIN {
	print "/* Made by builtin.awk: change conf/lists and conf/phrases. */"
	print "#include \"settings/lists_store.h\"\n"
	print "const struct list_builtin list_builtins[] = {"
}
{
	path = $0
	name = path
	sub(/.*\/conf\//, "", name)
	sub(/^conf\//, "", name)
	printf "\t{ \"%s\",", name
	size = 0
	while ((got = (getline line < path)) > 0) {
		printf "\n\t    %s", quoted(line)
		size += length(line) + 1
	}
	if (got < 0 || size == 0) {
		print "builtin.awk: cannot read " path > "/dev/stderr"
		exit 1
	}
	close(path)
	printf ",\n\t    %d },\n", size
	n++
}
END {
	print "};"
	printf "const size_t list_n_builtins = %d;\n", n
}
