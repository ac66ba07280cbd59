#!/usr/bin/perl
# A receiver of Mail::SPF, Mail::DKIM and Mail::DMARC: reads one JSON object a
# line ({file, ip, helo, mail_from, author}) and prints what it says of SPF,
# of each signature and of DMARC.
#   receive.pl PORT     DNS server on 127.0.0.1
use strict;
use warnings;
use JSON::PP;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;
use Mail::DMARC::PurePerl;
use Mail::SPF;
use Net::DNS::Resolver;

$| = 1;
my $port = shift;

sub resolver {
    return Net::DNS::Resolver->new(
        nameservers => ['127.0.0.1'], port => $port, recurse => 1, defnames => 0,
        dnsrch => 0, udp_timeout => 3, tcp_timeout => 3, retry => 1, retrans => 1);
}

my $resolver = resolver();
Mail::DKIM::DNS::resolver($resolver);
my $server = Mail::SPF::Server->new(
    dns_resolver => $resolver, query_rr_types => Mail::SPF::Server->query_rr_type_txt);

sub spf {
    my $ask = shift;
    my $is_helo = $ask->{mail_from} eq '';
    my $result = eval {
        my $request = Mail::SPF::Request->new(
            versions => [1],    # RFC 7208 knows no spf2.0
            scope => $is_helo ? 'helo' : 'mfrom',
            identity => $is_helo ? $ask->{helo} : $ask->{mail_from},
            ip_address => $ask->{ip}, helo_identity => $ask->{helo});
        $server->process($request)->code;
    };
    return $result // "died: $@";
}

sub signatures {
    my $path = shift;
    my $verifier = Mail::DKIM::Verifier->new();
    open my $file, '<:raw', $path or die "$path: $!";
    { local $/; my $text = <$file>; eval { $verifier->PRINT($text); $verifier->CLOSE; }; }
    close $file;
    return [map { {
        d => $_->domain // '', s => $_->selector // '', a => $_->algorithm // '',
        word => $_->result // '', detail => $_->result_detail // '',
    } } $verifier->signatures];
}

sub dmarc {
    my ($ask, $spf, $dkim) = @_;
    my $from = $ask->{mail_from};
    my $domain = $from eq '' ? $ask->{helo} : ($from =~ s/.*@//r);
    my $judge = Mail::DMARC::PurePerl->new();
    $judge->set_resolver($resolver);
    $judge->header_from($ask->{author} =~ s/.*@//r);
    $judge->source_ip($ask->{ip});
    $judge->spf([{ domain => $domain, scope => $from eq '' ? 'helo' : 'mfrom',
        result => $spf }]);
    $judge->dkim([map { { domain => $_->{d}, selector => $_->{s},
        result => $_->{word} eq 'pass' ? 'pass' : 'fail' } } @$dkim]);
    my $result = $judge->validate();
    my $published = eval { $result->published };
    return {
        word => $result->result, disposition => $result->disposition,
        published => $published ? 1 : 0,
        reasons => [map { $_->comment // '' } @{ $result->reason || [] }],
    };
}

while (my $line = <STDIN>) {
    my $ask = decode_json($line);
    my %say = (spf => spf($ask), dkim => signatures($ask->{file}));
    $say{dmarc} = eval { dmarc($ask, $say{spf}, $say{dkim}) } // { died => "$@" };
    print encode_json(\%say), "\n";
}
