"""Makes the encrypted CPIX documents beside it. Run once; the files are committed, and the tests need no Python.

What is in them was written from the text of CPIX 2.3/2.4, RFC 6030 and XML Encryption 1.1, with Python's `cryptography`: another implementation of every
algorithm than the one that is tested. Content keys are those of the bundled sample (samples/keys.json). The RSA keys were made here, for these tests alone.

  pskc.xml        as PSKC has it: the MAC key in pskc:MACKey; two recipients, the second of whom is ours
  key.xml         as a service has it: cpix:Key with a pskc:EncryptedValue and its own ValueMAC, DocumentKey@Algorithm with a ValueMAC
  document-keys.xml   2.4: three document keys, each with encryptsKey; the third content key's is for the other recipient only
  xml-padding.xml padding whose last byte alone says how long it is

clear.xml was written by hand.
"""
import base64, datetime, json, pathlib, secrets, uuid
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as asymmetric, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID

here = pathlib.Path(__file__).parent
keys = json.loads((here / "../../../../samples/keys.json").read_text())["keys"]
b64 = lambda data: base64.b64encode(data).decode()


def person(name, bits):
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Keyway tests")])
    now = datetime.datetime(2026, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=3650)).sign(key, hashes.SHA256()))
    return key, certificate


def wrap(certificate, data):
    return certificate.public_key().encrypt(data, asymmetric.OAEP(mgf=asymmetric.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None))


def encrypt(key, data, padded=None):
    if padded is None:
        padder = padding.PKCS7(128).padder()
        padded = padder.update(data) + padder.finalize()
    iv = secrets.token_bytes(16)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(padded) + encryptor.finalize()


def mac(key, data):
    h = hmac.HMAC(key, hashes.SHA512())
    h.update(data)
    return h.finalize()


def method(algorithm, cipher):
    return f'<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#{algorithm}"/><enc:CipherData><enc:CipherValue>{b64(cipher)}</enc:CipherValue></enc:CipherData>'


def secret(algorithm, cipher, mac_key=None):
    code = f"<pskc:ValueMAC>{b64(mac(mac_key, cipher))}</pskc:ValueMAC>" if mac_key else ""
    return f"<pskc:Secret><pskc:EncryptedValue>{method(algorithm, cipher)}</pskc:EncryptedValue>{code}</pskc:Secret>"


def delivery(certificate, document_keys, mac_key, style):
    der = certificate.public_bytes(serialization.Encoding.DER)
    text = f"<cpix:DeliveryData><cpix:DeliveryKey><ds:X509Data><ds:X509Certificate>{b64(der)}</ds:X509Certificate></ds:X509Data></cpix:DeliveryKey>"
    for key, kids in document_keys:
        lists = f' encryptsKey="{" ".join(kids)}"' if kids else ""
        named = ' Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"' if style == "key" else ""
        text += f'<cpix:DocumentKey{named}{lists}><cpix:Data>{secret("rsa-oaep-mgf1p", wrap(certificate, key), mac_key if style == "key" else None)}</cpix:Data></cpix:DocumentKey>'
    wrapped = wrap(certificate, mac_key)
    text += '<cpix:MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha512">'
    if style == "key":
        text += f'<cpix:Key><pskc:EncryptedValue>{method("rsa-oaep-mgf1p", wrapped)}</pskc:EncryptedValue><pskc:ValueMAC>{b64(mac(mac_key, wrapped))}</pskc:ValueMAC></cpix:Key>'
    else:
        text += f'<pskc:MACKey>{method("rsa-oaep-mgf1p", wrapped)}</pskc:MACKey>'
    return text + "</cpix:MACMethod></cpix:DeliveryData>"


def document(name, version, deliveries, contents):
    text = ('<?xml version="1.0" encoding="UTF-8"?>\n<cpix:CPIX xmlns:cpix="urn:dashif:org:cpix" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc" '
            f'xmlns:enc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" contentId="sample"{version}>\n<cpix:DeliveryDataList>'
            + "\n".join(deliveries) + "</cpix:DeliveryDataList>\n<cpix:ContentKeyList>\n" + "\n".join(contents) + "\n</cpix:ContentKeyList>\n</cpix:CPIX>\n")
    (here / name).write_text(text)


def content(entry, data, mac_key):
    return f'<cpix:ContentKey kid="{uuid.UUID(entry["kid"])}"><cpix:Data>{secret("aes256-cbc", data, mac_key)}</cpix:Data></cpix:ContentKey>'


ours, our_certificate = person("packager.example", 2048)
_, other_certificate = person("other.example", 3072)
(here / "recipient.pem").write_bytes(ours.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
(here / "recipient-pkcs1.pem").write_bytes(ours.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
(here / "recipient-encrypted.pem").write_bytes(ours.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"test")))
stranger, _ = person("stranger.example", 2048)
(here / "stranger.pem").write_bytes(stranger.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

raw = [bytes.fromhex(entry["key"]) for entry in keys]
kids = [str(uuid.UUID(entry["kid"])) for entry in keys]

document_key, mac_key = secrets.token_bytes(32), secrets.token_bytes(64)
document("pskc.xml", ' version="2.3"', [delivery(c, [(document_key, None)], mac_key, "pskc") for c in (other_certificate, our_certificate)],
         [content(entry, encrypt(document_key, key), mac_key) for entry, key in zip(keys, raw)])

document_key, mac_key = secrets.token_bytes(32), secrets.token_bytes(64)
document("key.xml", "", [delivery(our_certificate, [(document_key, None)], mac_key, "key")], [content(entry, encrypt(document_key, key), mac_key) for entry, key in zip(keys, raw)])

each, mac_key = [secrets.token_bytes(32) for _ in keys], secrets.token_bytes(32)
document("document-keys.xml", ' version="2.4"',
         [delivery(our_certificate, [(each[0], [kids[0]]), (each[1], [kids[1]])], mac_key, "pskc"), delivery(other_certificate, [(key, [kid]) for key, kid in zip(each, kids)], mac_key, "pskc")],
         [content(entry, encrypt(k, key), mac_key) for entry, key, k in zip(keys, raw, each)])

document_key, mac_key = secrets.token_bytes(32), secrets.token_bytes(64)
document("xml-padding.xml", ' version="2.3"', [delivery(our_certificate, [(document_key, None)], mac_key, "pskc")],
         [content(entry, encrypt(document_key, key, key + secrets.token_bytes(15) + bytes([16])), mac_key) for entry, key in zip(keys, raw)])
