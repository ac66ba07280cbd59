#!/usr/bin/perl
# Verifies DKIM signatures with Mail::DKIM: reads paths from standard input and
# prints one line for each: the result of every signature, "d=... result".
#   verify.pl PORT     DNS server on 127.0.0.1
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;
use Mail::DKIM::DNS;

$| = 1;
my $port = shift;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(
    nameservers => ['127.0.0.1'], port => $port, recurse => 1, defnames => 0,
    dnsrch => 0, udp_timeout => 3, retry => 2));
while (my $path = <STDIN>) {
    chomp $path;
    my $dkim = Mail::DKIM::Verifier->new();
    open my $file, '<:raw', $path or die "$path: $!";
    { local $/; my $text = <$file>; eval { $dkim->PRINT($text); $dkim->CLOSE; }; }
    close $file;
    my $line = join(' | ', map {
        ($_->domain // '') . '/' . ($_->selector // '') . ' ' . $_->result_detail
    } $dkim->signatures);
    $line =~ s/\s+/ /g;
    print "$line\n";
}
