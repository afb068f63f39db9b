"""Check digits and structure rules of identifiers. Each takes the value as written and says whether it can be real.

Sources: ISO/IEC 7812 (Luhn), ISO 13616 (IBAN), ISO 7064 (MOD 11,10), Verhoeff (Aadhaar), and the published rules of
the issuing authorities named in each docstring.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable

_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_CARD_PREFIX = re.compile(
    r"(?:4\d{15}|4\d{18}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14}|(?:50|5[6-9]|6[0379])\d{14})\Z"
)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CF_ODD = {
    **dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)),
    **dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
                                              10, 22, 25, 24, 23), strict=True)),
}  # fmt: skip
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
                       strict=True))  # fmt: skip


def digits(value: str) -> list[int]:
    """The decimal digits of a value, separators dropped."""
    return [int(char) for char in value if char.isascii() and char.isdigit()]


def _weighted(numbers: list[int], weights: tuple[int, ...]) -> int:
    return sum(number * weight for number, weight in zip(numbers, weights, strict=False))


def luhn(value: str) -> bool:
    """Luhn check digit, not all digits equal."""
    numbers = digits(value)
    doubled = sum(sum(divmod(number * 2, 10)) for number in numbers[-2::-2])
    return len(set(numbers)) > 1 and (doubled + sum(numbers[-1::-2])) % 10 == 0


def payment_card(value: str) -> bool:
    """Issuer range and length of a card scheme, and Luhn."""
    number = "".join(map(str, digits(value)))
    return bool(_CARD_PREFIX.match(number)) and luhn(number)


def iban(value: str) -> bool:
    """ISO 13616: mod 97 of the rearranged characters is 1, lengths 15 to 34."""
    text = re.sub(r"[\s-]", "", value).upper()
    if not 15 <= len(text) <= 34 or not text[:2].isalpha() or not text.isalnum():
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def us_ssn(value: str) -> bool:
    """SSA: area not 000, 666 or 9xx; group not 00; serial not 0000; not the published specimen numbers."""
    number = "".join(map(str, digits(value)))
    if len(number) != 9 or number in ("078051120", "219099999", "123456789"):
        return False
    return (
        number[:3] not in ("000", "666") and number[0] != "9" and number[3:5] != "00" and number[5:] != "0000"
    )


def us_itin(value: str) -> bool:
    """IRS: 9xx with group 50-65, 70-88, 90-92 or 94-99."""
    number = digits(value)
    group = number[3] * 10 + number[4] if len(number) == 9 else 0
    return (
        bool(group)
        and number[0] == 9
        and (50 <= group <= 65 or 70 <= group <= 88 or group in (90, 91, 92) or group >= 94)
    )


def aadhaar(value: str) -> bool:
    """UIDAI: twelve digits, first 2-9, Verhoeff check digit."""
    number = digits(value)
    check = 0
    for index, digit in enumerate(reversed(number)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[index % 8][digit])])
    return len(number) == 12 and number[0] > 1 and check == 0


def uk_nhs(value: str) -> bool:
    """NHS number: weights 10..2 modulo 11."""
    number = digits(value)
    if len(number) != 10 or len(set(number)) == 1:
        return False
    check = 11 - _weighted(number, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if check == 11 else check) == number[9]


def spanish_dni(value: str) -> bool:
    """DNI and NIE: control letter of the number modulo 23."""
    text = re.sub(r"[\s.-]", "", value).upper()
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def french_nir(value: str) -> bool:
    """NIR: key is 97 minus the number modulo 97 (Corsica 2A and 2B counted as 19 and 18)."""
    text = re.sub(r"\s", "", value).upper().replace("2A", "19").replace("2B", "18")
    return len(text) == 15 and text.isdigit() and 97 - int(text[:13]) % 97 == int(text[13:])


def german_tax_id(value: str) -> bool:
    """Steuer-IdNr: ISO 7064 MOD 11,10; one digit of the first ten repeats."""
    number = digits(value)
    if len(number) != 11 or number[0] == 0 or len(set(number[:10])) not in (8, 9):
        return False
    product = 10
    for digit in number[:10]:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == number[10]


def codice_fiscale(value: str) -> bool:
    """Italian tax code: control letter over odd and even positions."""
    text = value.upper()
    total = sum(_CF_ODD[c] for c in text[0:15:2]) + sum(
        int(c, 36) - (0 if c.isdigit() else 10) for c in text[1:15:2]
    )
    return chr(65 + total % 26) == text[15]


def dutch_bsn(value: str) -> bool:
    """BSN: eleven test with weights 9..2 and -1."""
    number = digits(value)
    return len(number) == 9 and any(number) and _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def belgian_nrn(value: str) -> bool:
    """National register number: 97 minus the first nine digits modulo 97 (with 2 in front from 2000)."""
    text = "".join(map(str, digits(value)))
    return len(text) == 11 and int(text[9:]) in (97 - int(text[:9]) % 97, 97 - int("2" + text[:9]) % 97)


def pesel(value: str) -> bool:
    """PESEL: weights 1,3,7,9 repeated."""
    number = digits(value)
    return (
        len(number) == 11 and (10 - _weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10) % 10 == number[10]
    )


def cpf(value: str) -> bool:
    """Brazilian CPF: two modulo 11 digits."""
    number = digits(value)
    if len(number) != 11 or len(set(number)) == 1:
        return False
    first = _weighted(number, tuple(range(10, 1, -1))) * 10 % 11 % 10
    second = _weighted(number[:10], tuple(range(11, 1, -1))) * 10 % 11 % 10
    return number[9:] == [first, second]


def cnpj(value: str) -> bool:
    """Brazilian CNPJ: two modulo 11 digits."""
    number = digits(value)
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    if len(number) != 14 or len(set(number)) == 1:
        return False
    checks = [(11 - _weighted(number[:size], weights[13 - size :]) % 11) for size in (12, 13)]
    return number[12:] == [0 if check > 9 else check for check in checks]


def chinese_id(value: str) -> bool:
    """Resident identity card: ISO 7064 MOD 11-2."""
    text = value.upper()
    total = _weighted(digits(text[:17]), (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
    return len(text) == 18 and text[:17].isdigit() and "10X98765432"[total % 11] == text[17]


def turkish_id(value: str) -> bool:
    """T.C. Kimlik No: two check digits."""
    number = digits(value)
    if len(number) != 11 or number[0] == 0:
        return False
    tenth = (sum(number[0:9:2]) * 7 - sum(number[1:8:2])) % 10
    return number[9] == tenth and sum(number[:10]) % 10 == number[10]


def chilean_rut(value: str) -> bool:
    """RUT: modulo 11 with K for ten."""
    body, check = re.sub(r"[.\s-]", "", value).upper()[:-1], value.upper()[-1]
    total = sum(int(digit) * (2 + index % 6) for index, digit in enumerate(reversed(body)))
    return "0K987654321"[total % 11] == check


def argentine_cuit(value: str) -> bool:
    """CUIT and CUIL: modulo 11."""
    number = digits(value)
    return (
        len(number) == 11 and (11 - _weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 == number[10]
    )


def korean_rrn(value: str) -> bool:
    """Resident registration number: modulo 11 digit (issued before October 2020)."""
    number = digits(value)
    return (
        len(number) == 13
        and (11 - _weighted(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10 == number[12]
    )


def finnish_hetu(value: str) -> bool:
    """Henkilötunnus: control character of date and number modulo 31."""
    number = value[:6] + value[7:10]
    return number.isdigit() and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(number) % 31] == value[10].upper()


def australian_tfn(value: str) -> bool:
    """Tax file number: weighted sum modulo 11 is 0."""
    number = digits(value)
    return len(number) == 9 and any(number) and _weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def australian_medicare(value: str) -> bool:
    """Medicare card: first digit 2-6, weights 1,3,7,9 modulo 10 equal the ninth digit."""
    number = digits(value)
    return (
        len(number) in (10, 11)
        and 2 <= number[0] <= 6
        and _weighted(number[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == number[8]
    )


def aba_routing(value: str) -> bool:
    """ABA routing number: weights 3,7,1 modulo 10, valid Federal Reserve prefix."""
    number = digits(value)
    prefix = number[0] * 10 + number[1] if len(number) == 9 else 99
    return (
        (prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72)
        and any(number)
        and (_weighted(number, (3, 7, 1, 3, 7, 1, 3, 7, 1)) % 10 == 0)
    )


def us_npi(value: str) -> bool:
    """National Provider Identifier: Luhn with the prefix 80840."""
    return len(digits(value)) == 10 and luhn("80840" + value)


def us_dea(value: str) -> bool:
    """DEA registration: (d1+d3+d5) + 2(d2+d4+d6) ends in d7."""
    number = digits(value[2:])
    return len(number) == 7 and (sum(number[0:5:2]) + 2 * sum(number[1:6:2])) % 10 == number[6]


def vin(value: str) -> bool:
    """Vehicle identification number: check digit at position nine (ISO 3779, North America)."""
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    numbers = [int(char) if char.isdigit() else _VIN_VALUES.get(char, 0) for char in value.upper()]
    return "0123456789X"[_weighted(numbers, weights) % 11] == value[8].upper()


def base58check(value: str) -> bool:
    """Base58Check of a Bitcoin address: the last four bytes are a double SHA-256."""
    number = 0
    for char in value:
        number = number * 58 + _BASE58.index(char)
    raw = number.to_bytes(25, "big") if number < 1 << 200 else b""
    return bool(raw) and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def jwt(value: str) -> bool:
    """The first part of a JSON Web Token decodes to an object with `alg`."""
    head = value.split(".", 1)[0]
    try:
        return b'"alg"' in urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except ValueError:
        return False


def random_looking(value: str) -> bool:
    """Letters and digits mixed as in generated secrets: at least ten different characters, digits and letters."""
    return len(set(value)) >= 10 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def calendar_date(value: str) -> bool:
    """A plausible day of birth: year 1900-2026 or two digits, month and day in range, in any common order."""
    parts = [int(part) for part in re.findall(r"\d+", value)]
    if len(parts) == 1 and len(value) == 8:
        parts = [int(value[:4]), int(value[4:6]), int(value[6:])]
    if len(parts) < 3:
        return False
    year = next((part for part in parts[:3] if part > 31), None)
    rest = [part for part in parts[:3] if part != year] if year else parts[1:3]
    return (
        (year is None or 1900 <= year <= 2026 or year < 100)
        and all(1 <= part <= 31 for part in rest)
        and (any(part <= 12 for part in rest))
    )


def phone_digits(value: str) -> bool:
    """ITU-T E.164: seven to fifteen digits, not one digit repeated."""
    number = digits(value)
    return 7 <= len(number) <= 15 and len(set(number)) > 2


CHECKSUMS: dict[str, Callable[[str], bool]] = {
    "luhn": luhn, "payment_card": payment_card, "iban": iban, "us_ssn": us_ssn, "us_itin": us_itin, "aadhaar": aadhaar,
    "uk_nhs": uk_nhs, "spanish_dni": spanish_dni, "french_nir": french_nir, "german_tax_id": german_tax_id,
    "codice_fiscale": codice_fiscale, "dutch_bsn": dutch_bsn, "belgian_nrn": belgian_nrn, "pesel": pesel, "cpf": cpf,
    "cnpj": cnpj, "chinese_id": chinese_id, "turkish_id": turkish_id, "chilean_rut": chilean_rut,
    "argentine_cuit": argentine_cuit, "korean_rrn": korean_rrn, "finnish_hetu": finnish_hetu,
    "australian_tfn": australian_tfn, "australian_medicare": australian_medicare, "aba_routing": aba_routing,
    "us_npi": us_npi, "us_dea": us_dea, "vin": vin, "base58check": base58check, "jwt": jwt,
    "random_looking": random_looking, "calendar_date": calendar_date,
    "phone_digits": phone_digits,
}  # fmt: skip
"""Checks by the name a class definition uses."""
