#!/usr/bin/python3
"""The page of `mailworthy check --html`: well-formed, self-contained, nothing of
the message gets into it as markup, and it fits the width of a telephone.

    page.py BUILD [FOLDER]    FOLDER: keep the pages and pictures of them there
"""

import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

VOID = {"meta", "br", "hr", "img", "link", "input"}
ALLOWED = {"html", "head", "meta", "title", "style", "body", "main", "header", "section",
           "footer", "h1", "h2", "h3", "h4", "div", "span", "b", "small", "p", "dl", "dt",
           "dd", "code", "pre", "ul", "li", "table", "tr", "td", "th", "details", "summary"}

ZONE = """\
example.com A 192.0.2.1
example.com TXT v=spf1 -all
_dmarc.example.com TXT v=DMARC1; p=reject
"""

HOSTILE = """\
From: "<script>alert(1)</script> & 'co'" <alice@example.com>
To: "</style><img src=x onerror=alert(1)>" <bob@example.net>
Subject: =?utf-8?B?PC90aXRsZT48c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+IOKArmdub2w=?=
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <a.1@example.com>
Message-ID: <a.2@example.com>
X-"><svg/onload=alert(1)>: "'><b>
X-Long: {long}
X-Folded: one
	two
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=abc

--abc
Content-Type: multipart/alternative; boundary=def

--def
Content-Type: text/plain; charset="<i>"

Good morning, <b>https://www.example.org/{long}</b>
--def
Content-Type: text/html; charset=utf-8

<html><body><p>Good morning <a href="https://e.example.org/?&quot;&gt;&lt;script&gt;">\
https://bank.example.com/login</a></p><div style="display:none">{hidden}</div></body></html>
--def--
--abc
Content-Type: application/pdf; name="<svg onload=alert(1)>.pdf"
Content-Disposition: attachment; filename="<svg onload=alert(1)>.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQKJeLjz9MK
--abc--
""".format(long="x" * 600, hidden="hidden words " * 40)

PLAIN = """\
From: Alice <alice@example.com>
To: Bob <bob@example.net>
Subject: Lunch on Tuesday
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <lunch.1@example.com>

Shall we meet at noon?
"""

# The width of the page's content in a frame as wide as a telephone.
PROBE = """<!DOCTYPE html><iframe id=f style="width:{width}px;height:900px;border:0"
src="{page}"></iframe><p id=r></p><script>
document.getElementById("f").onload = e => {{
    const d = e.target.contentDocument;
    const main = d.querySelector("main").getBoundingClientRect();
    document.getElementById("r").textContent =
        "WIDTH " + d.documentElement.scrollWidth + " MAIN " + Math.round(main.width);
}};
</script>"""

failures = 0


def report(good, what, detail=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} page {what}" +
          (f"\n    {detail}" if detail and not good else ""), flush=True)


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.faults, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        if tag not in ALLOWED:
            self.faults.append(f"element {tag}")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href", "action"):
                self.faults.append(f"attribute {name}={value}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"end of {tag} out of order")

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def make(build, scratch, name, text):
    message, page = scratch / f"{name}.eml", scratch / f"{name}.html"
    message.write_text(text)
    run = subprocess.run(
        [str(pathlib.Path(build, "mailworthy")), "check", "--zone", str(scratch / "zone"),
         "-c", str(scratch / "conf"), "--html", str(page), str(message)],
        capture_output=True, text=True, timeout=60)
    report(run.returncode in (0, 1) and not run.stdout, f"{name}: written",
           f"status {run.returncode}: {run.stdout}{run.stderr}")
    return page


def look(name, page):
    reader = Reader()
    reader.feed(page.read_text())
    reader.close()
    report(not reader.faults and not reader.open, f"{name}: well-formed, own elements only",
           str(reader.faults[:5]) + str(reader.open))
    style = page.read_text().partition("<style>")[2].partition("</style>")[0]
    outside = re.findall(r"url\(|@import|//", style)
    report(not outside, f"{name}: loads nothing", str(outside))
    return reader.text


def browse(scratch, name, page, width, pictures):
    probe = scratch / "probe.html"
    probe.write_text(PROBE.format(width=width, page=page.as_uri()))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
               "--no-first-run", "--disable-background-networking",
               "--disable-component-update", "--disable-sync", "--hide-scrollbars",
               "--allow-file-access-from-files", f"--user-data-dir={scratch}/chromium"]
    run = subprocess.run([*browser, "--virtual-time-budget=5000", "--dump-dom",
                          probe.as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r"WIDTH (\d+) MAIN (\d+)", run.stdout)
    report(found is not None and int(found[1]) <= width,
           f"{name}: fits {width} pixels", run.stdout[-300:] + run.stderr[-300:])
    if pictures:
        subprocess.run([*browser, f"--window-size={width},3000",
                        f"--screenshot={pictures}/{name}-{width}.png", page.as_uri()],
                       capture_output=True, timeout=120)


def main():
    build = sys.argv[1]
    pictures = sys.argv[2] if len(sys.argv) > 2 else None
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-page-"))
    try:
        (scratch / "zone").write_text(ZONE)
        (scratch / "conf").write_text(f'mode = enforce\nstate-dir = "{scratch}"\n')
        for name, text in (("plain", PLAIN), ("hostile", HOSTILE)):
            page = make(build, scratch, name, text)
            shown = look(name, page)
            report("of 10" in shown and "Gmail" in shown, f"{name}: score and receivers")
            if name == "hostile":
                for want in ("<script>alert(1)</script> & 'co'", "header-duplicate",
                             "<svg onload=alert(1)>.pdf", "https://bank.example.com/login",
                             "multipart/alternative", "X-Folded: one two"):
                    report(want in shown, f"hostile: shows {want}")
                report("\u202e" not in page.read_text(), "hostile: no bidi override")
            if pictures:
                shutil.copy(page, pictures)
            if shutil.which("chromium"):
                browse(scratch, name, page, 390, pictures)
                browse(scratch, name, page, 1000, pictures)
            else:
                print(f"# page {name}: no chromium here, its width was not measured")
        run = subprocess.run(
            [str(pathlib.Path(build, "mailworthy")), "check", "--json", "--zone",
             str(scratch / "zone"), "-c", str(scratch / "conf"),
             str(scratch / "hostile.eml")], capture_output=True, text=True, timeout=60)
        details = json.loads(run.stdout)["details"]
        report([x["section"] for x in details["parts"]] == ["", "1", "1.1", "1.2", "2"],
               "json: the parts", str(details["parts"]))
        report(details["links_total"] == 2, "json: the links", str(details["links"]))
        # `mailworthy mode` stands above the configuration in every output
        tool = str(pathlib.Path(build, "mailworthy"))
        conf = ["-c", str(scratch / "conf")]
        subprocess.run([tool, "mode", *conf, "audit"], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        run = subprocess.run([tool, "check", *conf, "--zone", str(scratch / "zone"),
                              str(scratch / "plain.eml")],
                             capture_output=True, text=True, timeout=60)
        report("audit, by `mailworthy mode audit`" in " ".join(run.stdout.split()),
               "text: the mode in force", run.stdout[:500])
        report("audit, by `mailworthy mode audit`" in
               look("plain", make(build, scratch, "plain", PLAIN)), "page: the mode in force")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
