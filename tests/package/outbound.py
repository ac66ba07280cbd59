#!/usr/bin/python3
"""The autopkgtest: installed as a package, mailworthy judges and signs what leaves
through Postfix."""

import sys

import host


def main():
    host.check("the service runs after the installation",
               host.wait_for(host.is_serving), host.journal())
    mail = host.Host()
    host.try_mail(mail)
    return mail


if __name__ == "__main__":
    main()
    sys.exit(1 if host.failures else 0)
