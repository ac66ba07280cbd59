/*
 * Keys, tokens and card numbers.  None here opens anything: they were made up,
 * and tokens are put together from pieces so that scanners of sources pass by.
 */
#include "worded.h"

#define HIT(found) NULL, NULL, CHECK_HIT, CHECKED_DEFAULT, (found)
#define OK NULL, NULL, CHECK_OK, 0, NULL
#define DUNNO NULL, NULL, CHECK_DUNNO, 0, NULL
#define TEXT(text) NULL, NULL, (text), NULL
#define HTML(html) NULL, NULL, NULL, (html)

#define LINE64 "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0guJ"
#define BEGIN(kind) "-----" "BEGIN " kind "PRIVATE KEY" "-----\n"
#define END "-----" "END PRIVATE KEY" "-----\n"
#define ED25519 "MC4CAQAwBQYDK2VwBCIEIHLm9Qx0yV7kT2cRz8sWfUjN4pGdBo5aZiXKqE1vtDhS"
#define R20 "a1B2c3D4e5F6g7H8i9J0"
#define R36 R20 "k1L2m3N4o5P6q7R8"

static void
test_secret_leak(void **state)
{
	static const struct worded_row rows[] = {
		{ "PEM", TEXT("Here:\n" BEGIN("RSA ") LINE64 "\n" LINE64 "\n" LINE64 "\n" END),
		    HIT("private key in PEM form") },
		{ "PEM, quoted", TEXT("> " BEGIN("") "> " LINE64 "\n> " LINE64 "\n> MIIE==\n"),
		    HIT(NULL) },
		{ "PEM, CRLF", TEXT("-----" "BEGIN EC PRIVATE KEY" "-----\r\n" LINE64 "\r\n"
		    LINE64 "\r\nAbc=\r\n"), HIT(NULL) },
		{ "PEM, encrypted", TEXT(BEGIN("RSA ") "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES,1"
		    "\n\n" LINE64 "\n" LINE64 "\n" LINE64 "\n"), HIT(NULL) },
		{ "PEM, on one line in HTML", HTML("-----" "BEGIN PRIVATE KEY" "----- " LINE64
		    " " LINE64 " " LINE64 " "), HIT("part 2") },
		{ "Ed25519", TEXT(BEGIN("") ED25519 "\n" END), HIT(NULL) },
		{ "the second of two", TEXT(BEGIN("") "...\n" END BEGIN("OPENSSH ") LINE64 "\n"
		    LINE64 "\n" LINE64 "\n"), HIT(NULL) },
		{ "attached", NULL, worded_attached, BEGIN("") LINE64 "\n" LINE64 "\n" LINE64,
		    NULL, HIT(NULL) },
		{ "AWS", TEXT("id AKIA" "J3Q7XK2MZ5TBWN4P."), HIT("it begins \"AKIA\"") },
		{ "GitHub", TEXT("token=ghp_" R36), HIT("GitHub token (it begins \"ghp_\")") },
		{ "GitHub, fine", TEXT("github_" "pat_" R20 R20 R20 R20 "z9"), HIT("gith") },
		{ "GitLab", TEXT("glpat" "-" R20 "\n"), HIT("GitLab") },
		{ "Slack", TEXT("xox" "b-1234567890-" R20), HIT("Slack") },
		{ "Google", TEXT("key: AIza" R20 "k1L2m3N4o5P6q7R"), HIT("Google") },
		{ "Stripe", TEXT("\"sk_" "live_" R20 "k1L2\""), HIT("Stripe") },
		{ "SendGrid", TEXT("SG" "." R20 "aB." R20 R20 "abc"), HIT("SendGrid") },
		{ "npm", HTML("npm" "_" R36), HIT("npm") },
		{ "DigitalOcean", TEXT("dop_" "v1_0123456789abcdef0123456789abcdef0123456789"
		    "abcdef0123456789abcdef"), HIT(NULL) },
		{ "two lines", TEXT(BEGIN("RSA ") LINE64 "\n" LINE64 "\n" END), OK },
		{ "public key", TEXT("-----" "BEGIN PUBLIC KEY" "-----\n" LINE64 "\n" LINE64 "\n"
		    LINE64 "\n"), OK },
		{ "certificate", TEXT("-----" "BEGIN CERTIFICATE" "-----\n" LINE64 "\n" LINE64
		    "\n" LINE64 "\n"), OK },
		{ "signed", TEXT("-----" "BEGIN PGP SIGNATURE" "-----\n\n" LINE64 "\n" LINE64
		    "\n" LINE64 "\n"), OK },
		{ "told of", TEXT("The file begins " BEGIN("RSA ") "and so on, and so forth."),
		    OK },
		{ "a manual", TEXT(BEGIN("") "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nxxxxxxxxxxxxxxxxxx\n"),
		    OK },
		{ "AWS's example", TEXT("AKIAIOSFODNN7EXAMPLE"), OK },
		{ "too long for AWS", TEXT("AKIA" "J3Q7XK2MZ5TBWN4PQ"), OK },
		{ "within a word", TEXT("XAKIA" "J3Q7XK2MZ5TBWN4P"), OK },
		{ "a place holder", TEXT("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), OK },
		{ "too short", TEXT("ghp_" R20), OK },
		{ "Stripe's test key", TEXT("sk_" "test_" R20 "k1L2"), OK },
		{ "a map's key", TEXT("https://maps.example.net/?key=AIza" R20
		    "k1L2m3N4o5P6q7R&x=1"), OK },
		{ "a one-time code", TEXT("Your code is 123456. It is valid for 10 minutes."), OK },
		{ "a link to reset", TEXT("https://example.com/reset?t=" R36 R36), OK },
		{ "rules and lines", TEXT("------\n______\nAxS_-_-_-A_x_S"), OK },
		{ "no view", NULL, worded_none, "x", NULL, DUNNO },
		{ "not all was read", NULL, worded_over, "x", NULL, DUNNO },
	};

	(void)state;
	WORDED_TABLE("secret-leak", rows);
}

/* Right check digits, issued to nobody that we know. */
#define VISA "4539148803436467"
#define VISA4 "4539 1488 0343 6467"

static void
test_secret_card(void **state)
{
	static const struct worded_row rows[] = {
		{ "solid", TEXT("My card is " VISA ", thanks"), HIT("it begins \"4539\"") },
		{ "in fours", TEXT("Visa: " VISA4 "\nexp 12/28"), HIT("part 1") },
		{ "with hyphens", TEXT("4539-1488-0343-6467 (visa)"), HIT(NULL) },
		{ "no-break blanks", HTML("Visa 4539\xc2\xa0" "1488\xc2\xa0" "0343\xc2\xa0" "6467"),
		    HIT("part 2") },
		{ "American Express", TEXT("Amex 371112345678902"), HIT(NULL) },
		{ "Mastercard", TEXT("5412751234123452 MasterCard"), HIT(NULL) },
		{ "a date and code behind", TEXT("card " VISA4 " 12/28 123"), HIT(NULL) },
		{ "the word 80 before", TEXT("visa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaa " VISA), HIT(NULL) },
		{ "at the end", TEXT("cvv 123 card " VISA), HIT(NULL) },
		{ "at the start", TEXT(VISA " is my card"), HIT(NULL) },
		{ "the word too far", TEXT("visa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa " VISA), OK },
		{ "no word", TEXT("Order " VISA " was sent"), OK },
		{ "the end of a word", TEXT("discard postcards, advisable: " VISA), OK },
		{ "wrong check digit", TEXT("card 4539148803436468"), OK },
		{ "wrong length", TEXT("card 453914880343646"), OK },
		{ "no issuer", TEXT("card 9539148803436466"), OK },
		{ "for tests", TEXT("card 4111111111111111, 4242 4242 4242 4242, "
		    "5555555555554444, 378282246310005, 4000002500003155"), OK },
		{ "three different digits", TEXT("card 4444445555444465"), OK },
		{ "in a path", TEXT("card https://example.com/" VISA), OK },
		{ "in a URL, apart", TEXT("card https://example.com/a," VISA), OK },
		{ "a parameter", TEXT("card id=" VISA " id:x&" VISA "&"), OK },
		{ "a sum", TEXT("card +" VISA " #" VISA " -" VISA " " VISA "%"), OK },
		{ "letters", TEXT("card A" VISA " " VISA "B"), OK },
		{ "letters of others", TEXT("card \xe5\x8f\xb7" VISA), OK },
		{ "decimal", TEXT("card 0." VISA " " VISA ".5"), OK },
		{ "mixed groups", TEXT("card 4539 148803436467, 453914 8803436467"), OK },
		{ "five groups", TEXT("card 1234 " VISA4), OK },
		{ "an IBAN", TEXT("card DE89 3704 0044 0532 0130 00, FR14 2004 1010 0505 0001"),
		    OK },
		{ "the last four", TEXT("Paid with Visa ending in 6467, card **** **** **** 6467"),
		    OK },
		{ "a telephone", TEXT("card service: +49 30 1234 5678 9012, 0800 1234 5678"), OK },
		{ "attached", NULL, worded_attached, "card " VISA, NULL, OK },
		{ "no lists", NULL, worded_no_lists, "x", NULL, DUNNO },
		{ "no view", NULL, worded_none, "x", NULL, DUNNO },
		{ "not all was read", NULL, worded_over, "x", NULL, DUNNO },
	};

	(void)state;
	WORDED_TABLE("secret-card", rows);
}

/* So many numbers without a word beside them that it gives up. */
static void
test_many_numbers(void **state)
{
	static char text[20000 * 17 + 1];
	const struct worded_row row = { "many", TEXT(text), DUNNO };

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		memcpy(text + i * 17, VISA "\n", 17);
	worded_table("secret-card", &row, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_leak),
		cmocka_unit_test(test_secret_card),
		cmocka_unit_test(test_many_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
