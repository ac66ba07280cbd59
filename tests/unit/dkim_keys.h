/*
 * Keys for tests: made for them, short where speed matters, in nobody's DNS.
 * The Ed25519 key is that of RFC 8463 appendix A.
 */
#ifndef MW_TESTS_UNIT_DKIM_KEYS_H
#define MW_TESTS_UNIT_DKIM_KEYS_H

/* RSA of 1024 bits as PKCS#1, and the same as PKCS#8. */
#define PEM_RSA \
    "-----BEGIN RSA PRIVATE KEY-----\n" \
    "MIICXAIBAAKBgQDRPrNwPbBpstMbVUvNF2F1BBYFbwPubXJ3FFsEiDdjS2AP2ois\n" \
    "y2WgUuCQrcpj4wbpbDjoC0taQbdmDOhrZWzJ7cFP4dguD16dmLKfwSsIthFLH6dM\n" \
    "L6STs0FaQAC3Ll1ESyHtTFQ6RxeKEy8yoHWx8CKUkb4MrQ1NaTJTP1GJUQIDAQAB\n" \
    "AoGAZe0ZE2+5Y4OMeiAOkJT3ED0xTOxLCfWecIsl2wtPj7rDzHUzZpidpH86jL9b\n" \
    "e1S3pTTmc4Is7oZchAV9ofMCDmljgzYZX5oweCHmSXNhsYrdNF3WbsYppHh7JAok\n" \
    "dhHxIkznsWPmk3J73T1lregQ0CiL3ZYOkxCNmZ6zcsBhRMECQQDxx93eWkuKVw3k\n" \
    "EAnflv2p+S39IY7tjrY43ogWBgiSCFSmI0urpeHjKnAFEnMxDPxO+6LV9CRkvilD\n" \
    "HogPvL7VAkEA3Yz9sUaam70odyhhZCKdRzBF+bssXYHYM1ckG7u/NPTl6Lk7b6s9\n" \
    "NpupnjUI+M0zzmlTKmLWbEsVCdd6lG22jQJBALCLTniD2lDjjCMRiwQWjpbEek4x\n" \
    "aNoRsQEJjLj4It3u81B0yVZGxBBJ9o3dkPsqDjnmCFrN8J0XNa3q51MGcRkCQGRj\n" \
    "fpDVbTkkfTGBGqBFDv8y4IJITdIRA+Y/lhz69akJTyQkysnOze3wmusVHPuf/9mH\n" \
    "4CdUodRwMRhEi0a2cAECQAq1SKjin3k8iFEw0nyarH5iWmCnImD39TqVQQTi+UM7\n" \
    "+BIXP7ghTH+IYB3Zsjx3v+m2rc1lDN34meVxL9v1taI=\n" \
    "-----END RSA PRIVATE KEY-----\n"
#define PEM_RSA_PKCS8 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANE+s3A9sGmy0xtV\n" \
    "S80XYXUEFgVvA+5tcncUWwSIN2NLYA/aiKzLZaBS4JCtymPjBulsOOgLS1pBt2YM\n" \
    "6GtlbMntwU/h2C4PXp2Ysp/BKwi2EUsfp0wvpJOzQVpAALcuXURLIe1MVDpHF4oT\n" \
    "LzKgdbHwIpSRvgytDU1pMlM/UYlRAgMBAAECgYBl7RkTb7ljg4x6IA6QlPcQPTFM\n" \
    "7EsJ9Z5wiyXbC0+PusPMdTNmmJ2kfzqMv1t7VLelNOZzgizuhlyEBX2h8wIOaWOD\n" \
    "NhlfmjB4IeZJc2Gxit00XdZuximkeHskCiR2EfEiTOexY+aTcnvdPWWt6BDQKIvd\n" \
    "lg6TEI2ZnrNywGFEwQJBAPHH3d5aS4pXDeQQCd+W/an5Lf0hju2OtjjeiBYGCJII\n" \
    "VKYjS6ul4eMqcAUSczEM/E77otX0JGS+KUMeiA+8vtUCQQDdjP2xRpqbvSh3KGFk\n" \
    "Ip1HMEX5uyxdgdgzVyQbu7809OXouTtvqz02m6meNQj4zTPOaVMqYtZsSxUJ13qU\n" \
    "bbaNAkEAsItOeIPaUOOMIxGLBBaOlsR6TjFo2hGxAQmMuPgi3e7zUHTJVkbEEEn2\n" \
    "jd2Q+yoOOeYIWs3wnRc1rernUwZxGQJAZGN+kNVtOSR9MYEaoEUO/zLggkhN0hED\n" \
    "5j+WHPr1qQlPJCTKyc7N7fCa6xUc+5//2YfgJ1Sh1HAxGESLRrZwAQJACrVIqOKf\n" \
    "eTyIUTDSfJqsfmJaYKciYPf1OpVBBOL5Qzv4Ehc/uCFMf4hgHdmyPHe/6batzWUM\n" \
    "3fiZ5XEv2/W1og==\n" \
    "-----END PRIVATE KEY-----\n"
/* Its public half as SubjectPublicKeyInfo and as RSAPublicKey. */
#define P_RSA \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDRPrNwPbBpstMbVUvNF2F1BBYF" \
    "bwPubXJ3FFsEiDdjS2AP2oisy2WgUuCQrcpj4wbpbDjoC0taQbdmDOhrZWzJ7cFP" \
    "4dguD16dmLKfwSsIthFLH6dML6STs0FaQAC3Ll1ESyHtTFQ6RxeKEy8yoHWx8CKU" \
    "kb4MrQ1NaTJTP1GJUQIDAQAB"
#define P_RSA_PKCS1 \
    "MIGJAoGBANE+s3A9sGmy0xtVS80XYXUEFgVvA+5tcncUWwSIN2NLYA/aiKzLZaBS" \
    "4JCtymPjBulsOOgLS1pBt2YM6GtlbMntwU/h2C4PXp2Ysp/BKwi2EUsfp0wvpJOz" \
    "QVpAALcuXURLIe1MVDpHF4oTLzKgdbHwIpSRvgytDU1pMlM/UYlRAgMBAAE="

#define PEM_ED25519 \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
    "-----END PRIVATE KEY-----\n"
#define P_ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

/* Keys that DKIM has no use for. */
#define PEM_RSA_512 \
    "-----BEGIN RSA PRIVATE KEY-----\n" \
    "MIIBOwIBAAJBANQXd9WQaXib5d5O8F0wlq0jQYose7IlYQZIle1Qgyfygxy6+Cl0\n" \
    "zlDH66SExMo4viQ2JaHbSqW19fW/D7zbXocCAwEAAQJADqt04XO0p9/4nVDOdVOo\n" \
    "CF+458q934uQU3Pv0tNPzxJpua/1bp5yxHfUOauKAdqExIODeLE9HkdQln8p2gc3\n" \
    "cQIhAP+qrMTfr0oLSJz9kjPG45XSDyeAI8emqy9fohbMPK3vAiEA1F5ALHqEGNx6\n" \
    "IP4LfXNZTTJ0QECDDq+ATqUJWyN/8OkCIBPRTwMTs6qxpTdGEIci65E5byNIs31O\n" \
    "VgaeCxppSmrRAiEAy4tier8aqTF4pPKZVK4gI4t+PK8YbhTsJ3SrGP1XfTECIQCe\n" \
    "IEF5hH5fDvX94ruFK731D8TfnOhgzGPw7Ld/nI5CDw==\n" \
    "-----END RSA PRIVATE KEY-----\n"
#define PEM_EC \
    "-----BEGIN EC PRIVATE KEY-----\n" \
    "MHcCAQEEIAitEFUWkYlHGqZqaW2ZNLM8Swtk6LONtpKD/J4vnAXeoAoGCCqGSM49\n" \
    "AwEHoUQDQgAEvt/UMMWPJFS/4zF/oQMoBZDQwFF9DqfPmOE6bOj+KrC2iaQ8XYmc\n" \
    "7q0Io6MitRXx4qO5/FFfngS558FHTufLEA==\n" \
    "-----END EC PRIVATE KEY-----\n"
#define PEM_RSA_PSS \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIICdAIBADALBgkqhkiG9w0BAQoEggJgMIICXAIBAAKBgQDGBPZPP42OJozi8ajq\n" \
    "gjcwu426/aN8fpyb3wrG8MQcnjNw5t+f8FigzgwUkht24q2KIhAjcBk5JNKmzzms\n" \
    "zY8P6v5ob5Pz8p5GBzGHJ/d3PQ7oGuM5XNeYa1nJead8eRFxCc6WF/EVW+ZOfpfx\n" \
    "tRCg78zr0ggOV52VjTv0AtWKvQIDAQABAoGAID1ClNh2BYTFP1W0+KlGrwp6Is2U\n" \
    "xnoeqUoBCS693yLqoSEVm4aYB2ZElTzMd+ij9G9jTUG8+Y7DNSFb9IRrHBTmdGiA\n" \
    "nG2Bw2i6L61OlzWjjvfKuc/OVRvLvOTpgQxj9CY+6PruriDC6mpEgb09Am3cafGA\n" \
    "JW/34njdS98jKoECQQDvAh0asDKxw0F8DawlKToJYbx1+CR+YtQN6ekYKOFJ2Ijl\n" \
    "sV82jVfe2t8fK8aV9fSwnl2c4Ct8gT8Ajkl+iyVtAkEA1Bjcp7w9rPYPLzXjX1y9\n" \
    "/PSCdvS8a3sH+Qg2WrgX2h7vGBeqrAnWvfF+sxYVS2Ba5C6bsYfhs5Zad2Drnzu4\n" \
    "kQJAJkkOZHIJDNScLsT56FH8S/ht+e+v2Nb35OqtPgN+Yxfehfytpc1qX/Zre1DF\n" \
    "1Mu7UHdtw21dSepiLzKbrzuW2QJAEM5bhasD1BW3RE1n0+GcaFPTlqtz1qxsCE6f\n" \
    "R/b4ZN84oNcXPgSVkH13RaeFTnC3IweSbLHQr5NFXdo/MWHhEQJBAJ2KYM3JwBaQ\n" \
    "Eqj2f3APqtL6p3NCk/Kh3MH1POXXL2Ljv6R9mqgRlKj2/Ox7d7qCgvaogJDmJpvo\n" \
    "FTNPJk8pZLM=\n" \
    "-----END PRIVATE KEY-----\n"
#define PEM_ENCRYPTED \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" \
    "MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIKa4l6FjHJ/gCAggA\n" \
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBATDioE/JxEvww3LZPtOynsBIIC\n" \
    "gEtlLWnFsjP4XJFdmM31sv+6y686iTllZcipT8yzGOum/Swqf5QV6n1GB3MjAyJ9\n" \
    "Q5B86kbr9ZTAQA46QVGocnvC3A0nOxStPw087+IxNveXNFu0sJH6DaL0cICU2ekG\n" \
    "xtA/UiSDqG/yiuzdh2kuBGIxAtPibmdSOtam2erKok1YKTKTJHJHRAGOinMBv1/O\n" \
    "Eq3Tf0LqYZ/NY43IcHhO/mP58jNx6QNQrYI8QJysi1SXgfoUUcKDNqKKdMxrXwsZ\n" \
    "nTsMhcW7W07seECb2uzixCZvuKeLuinvwVKh86Fw5kk7nDcNRNJeS/g87WcVgPxG\n" \
    "4yBZT7xc3oiM4drO+2wTagD8y7BJOlkxwwtBTKqUUaAJM4zgnpbYZFag/B7eheTe\n" \
    "ccFwP6nxmuSDu5X+py/ioB5sFYkbGaVrvoFeNfYTMdrDhTUQMv4jfrsFiTrDixhZ\n" \
    "GCI7Ev0vjrBEtwfKoT2hhKi5MJUKwOs3psXN5vS0axBOwu3FRdG1xsjOP8hR7Z8m\n" \
    "p51F7h7JkKpkWB6kxcw9aqD930Lkw41YngbeSd+IxMxOJHBkY7JVkMkH24cxP2vj\n" \
    "zrBkjsKrPsRImrBdIzK1MfP8T6qUf5qY+Rk3BfWS3Mx2P5wx7p3R0RBUa4hONA3r\n" \
    "W+fVzxM2QITK7j9TDtap1YzL+QVVxbaYLyUY8s8IlqXUFBkuuKb5KUyVv0huO1bx\n" \
    "M5FL+tOgwPwrZdMghPBDMcJlgghzG6WZEyPJlb9rxQ202vktnysN6hSnogJwhllm\n" \
    "dl9235RnMJXRfkgNN86lzBntIwUkPsuLIfpobVH4N6P4cJDLHmclOfhTozcXC9AB\n" \
    "n7f7uLmakfv8/RpQFkEAA20=\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\n"
#define PEM_PROC_TYPE \
    "-----BEGIN RSA PRIVATE KEY-----\n" \
    "Proc-Type: 4,ENCRYPTED\n" \
    "DEK-Info: AES-128-CBC,9011D1E618A975274C6C65F26C37F7DD\n" \
    "\n" \
    "td9TDHpJGWS/vQkJHkx6e8NUnbcb4KEclov9hTsPJfEIbE9W42ZYJ1exrdZI78gu\n" \
    "DkSCPtikYFtv0IeJsd3cl4qP82nwTC9JJU+BC4aDQNoosgzCSQ9ajt7sKUY4In4I\n" \
    "kkyF6mX29ygB6IMIr2yekBcLwUgmLp0Eh9tYcTlVbejUw3IYvPrVqYu+T/1p7Wxy\n" \
    "Av7qWmwMF1dVYUZZD9MTK+aBf67YDovP4fRcWtqz3aJRD1HhUNVyB/oCY3E+j44Z\n" \
    "qPtUe2XL0fWVk2EtA56S9efiFXebo2jZVEnW2sDLYSoW90h+IazlWRFOqfADL5yv\n" \
    "yq6soRoxUV1rFpAIW5Z7vYAeFaF2gwlhcv2RYpuQ0yKTRJVmD50Tff5JXkxOsWDg\n" \
    "5CR8auWxjCYiyFO1qLTjwXDnknFcX6Q2kaH5smzdMuIIrZHhBS98S7CWCI3bcWQ9\n" \
    "UmDFsApS9YR0HZyOSW46Ms+85RUQScbJGZum0FgWlBUHlPOXzuaDCZeQzx/FiSU9\n" \
    "KyBmGZ0DmUvB9EWsbYQznH7fUzw3FFq961J6Scd/YPjLKI7xwu/m6QEQuHeMRJZe\n" \
    "uqNGIOJO9vxGPccjTvMIfkvu0x/XGA8L72BJ/WZ9wMGx3i51NBl9OGA1+QHFHLNj\n" \
    "EVt6ws8cpv5qUgOIlxdgq8P3rF6ECICpFN3f2Tc9scdaXRQ/cJSOpyAaJmlXKZvA\n" \
    "ESl/p1oYtAfzzr7oBVcsYrk9nYslJ2Rp36w/ie/9IxUUTInBL2ACzaYlsTD3RAVK\n" \
    "7qay23nw+4aibvH76vulnr50B+BDpI0H8NF6eamp7Mi3lbqj2C1PJC0U096n3lAd\n" \
    "-----END RSA PRIVATE KEY-----\n"
#define PEM_PUBLIC \
    "-----BEGIN PUBLIC KEY-----\n" \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDRPrNwPbBpstMbVUvNF2F1BBYF\n" \
    "bwPubXJ3FFsEiDdjS2AP2oisy2WgUuCQrcpj4wbpbDjoC0taQbdmDOhrZWzJ7cFP\n" \
    "4dguD16dmLKfwSsIthFLH6dML6STs0FaQAC3Ll1ESyHtTFQ6RxeKEy8yoHWx8CKU\n" \
    "kb4MrQ1NaTJTP1GJUQIDAQAB\n" \
    "-----END PUBLIC KEY-----\n"
#define PEM_OPENSSH \
    "-----BEGIN OPENSSH PRIVATE KEY-----\n" \
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n" \
    "-----END OPENSSH PRIVATE KEY-----\n"

#endif
