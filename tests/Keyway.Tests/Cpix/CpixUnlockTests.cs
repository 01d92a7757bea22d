using System.Security.Cryptography;
using System.Text;
using Keyway.Decryption;
using Keyway.Testing;
using static Keyway.Cpix.CpixBench;

namespace Keyway.Cpix;

/// <summary>Documents whose keys are encrypted: those of another implementation (Vectors/make.py), and those made here with the platform's primitives.</summary>
public sealed class CpixUnlockTests
{
    private static readonly RSA Key2048 = RSA.Create(2048);

    [Theory]
    [InlineData("pskc.xml", "recipient.pem")]
    [InlineData("pskc.xml", "recipient-pkcs1.pem")]
    [InlineData("key.xml", "recipient.pem")]
    [InlineData("xml-padding.xml", "recipient.pem")]
    public void Documents_of_another_implementation_are_opened(string file, string pem)
    {
        using CpixDocument document = CpixDocument.Read(Vector(file), file);
        document.IsLocked.Should().BeTrue();
        document.ContentKeys.Should().HaveCount(3).And.OnlyContain(static key => key.State == CpixKeyState.Encrypted);
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NoKey).WithMessage("*is encrypted for *CN=packager.example*");
        using RSA recipient = Recipient(pem);
        document.Unlock(recipient);
        document.ContentKeys.Should().OnlyContain(static key => key.State == CpixKeyState.Opened);
        document.IsLocked.Should().BeFalse();
        document.ShouldGive([.. SampleKeys]);
        document.Unlock(recipient);
    }

    [Fact]
    public void Of_several_document_keys_each_opens_what_it_lists_and_no_more()
    {
        using CpixDocument document = CpixDocument.Read(Vector("document-keys.xml"), "document-keys.xml");
        document.Recipients.Select(static each => each.DocumentKeyCount).Should().Equal(2, 3);
        document.Recipients[0].KeyIds.Should().Equal(SampleKeys.Take(2).Select(static each => each.Id));
        using RSA recipient = Recipient();
        document.Unlock(recipient);
        document.ContentKeys.Select(static key => key.State).Should().Equal(CpixKeyState.Opened, CpixKeyState.Opened, CpixKeyState.ForOthers);
        document.ShouldGive([.. SampleKeys.Take(2)]);
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring, SampleKeys[2].Id)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.OtherRecipient);
    }

    [Theory]
    [InlineData("pskc.xml")]
    [InlineData("key.xml")]
    [InlineData("document-keys.xml")]
    public void Keys_for_somebody_else_are_said_to_be_so(string file)
    {
        using CpixDocument document = CpixDocument.Read(Vector(file), file);
        using RSA stranger = Recipient("stranger.pem");
        document.Invoking(each => each.Unlock(stranger)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.OtherRecipient).WithMessage($"{file}: the keys are encrypted for *CN=packager.example*another's*");
        using RSA recipient = Recipient();
        document.Unlock(recipient);
        document.ContentKeys[0].State.Should().Be(CpixKeyState.Opened, "the next key may be the right one");
    }

    [Fact]
    public void Recipients_are_shown_by_their_certificates()
    {
        using CpixDocument document = CpixDocument.Read(Vector("pskc.xml"), "pskc.xml");
        document.Recipients.Should().HaveCount(2);
        CpixRecipient second = document.Recipients[1];
        second.Subject.Should().Contain("CN=packager.example");
        second.Issuer.Should().Be(second.Subject);
        second.KeyBits.Should().Be(2048);
        second.SerialNumber.Should().MatchRegex("^[0-9A-F]+$");
        second.Fingerprint.Should().MatchRegex("^[0-9a-f]{64}$");
        second.DocumentKeyCount.Should().Be(1);
        second.KeyIds.Should().BeEmpty();
        second.Problem.Should().BeNull();
    }

    [Fact]
    public void A_code_that_does_not_hold_spoils_every_key_of_the_document()
    {
        foreach (Encrypted spoilt in (Encrypted[])
        [
            new Encrypted { Change = static (number, cipher) => number == 2 ? Flip(cipher, 0) : cipher },
            new Encrypted { Change = static (number, cipher) => number == 2 ? Flip(cipher, 20) : cipher },
            new Encrypted { Change = static (number, cipher) => number == 2 ? cipher[..^16] : cipher },
            new Encrypted { ChangeMac = static (number, mac) => number == 2 ? Flip(mac, 63) : mac },
            new Encrypted { ChangeMac = static (number, mac) => number == 2 ? mac[..32] : mac },
            new Encrypted { ChangeMac = static (number, mac) => number == 2 ? [] : mac },
            new Encrypted { ChangeMac = static (number, mac) => number == 2 ? null : mac },
        ])
        {
            string xml = Document($"<DeliveryDataList>{spoilt.Delivery(Key2048)}</DeliveryDataList>{List(spoilt.ContentKey(1), spoilt.ContentKey(2), Plain(3))}");
            using CpixDocument document = Read(xml);
            document.Invoking(each => each.Unlock(Key2048)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NotAuthentic && e.Error.Path.StartsWith("/CPIX/ContentKeyList[0]/ContentKey[1]"));
            document.ShouldGiveNothing();
        }
    }

    [Fact]
    public void A_code_over_a_wrapped_key_is_checked_where_there_is_one()
    {
        string xml = Encoding.UTF8.GetString(Vector("key.xml"));
        int first = xml.IndexOf("<pskc:ValueMAC>", StringComparison.Ordinal) + "<pskc:ValueMAC>".Length, second = xml.IndexOf("<pskc:ValueMAC>", first, StringComparison.Ordinal) + "<pskc:ValueMAC>".Length;
        using RSA recipient = Recipient();
        foreach (int at in (int[])[first, second])
        {
            char[] letters = xml.ToCharArray();
            letters[at] = letters[at] == 'A' ? 'B' : 'A';
            using CpixDocument document = Read(new string(letters));
            document.Invoking(each => each.Unlock(recipient)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.NotAuthentic);
            document.ShouldGiveNothing();
        }
    }

    [Fact]
    public void Whatever_cannot_be_opened_is_told_in_the_same_words()
    {
        Encrypted[] broken =
        [
            new() { ChangeWrapped = static wrapped => Flip(wrapped, 7) },
            new() { ChangeWrapped = static wrapped => wrapped[1..] },
            new() { ChangeWrapped = static _ => [] },
            new() { ChangeWrapped = static wrapped => [.. wrapped, 0] },
            new() { ChangeWrapped = static _ => Key2048.Encrypt(new byte[16], RSAEncryptionPadding.OaepSHA1) },
            new() { ChangeWrapped = static _ => Key2048.Encrypt(new byte[32], RSAEncryptionPadding.Pkcs1) },
            new() { ChangeWrapped = static _ => Key2048.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA256) },
        ];
        foreach (Encrypted each in broken)
        {
            using CpixDocument document = Read(each.Document(Key2048, 1));
            CpixException refused = document.Invoking(one => one.Unlock(Key2048)).Should().Throw<CpixException>().Which;
            (refused.Kind, refused.Error.Reason, refused.InnerException).Should().Be((CpixErrorKind.CannotBeOpened, "the keys cannot be opened with this recipient's key", null));
            document.ShouldGiveNothing();
        }
    }

    [Fact]
    public void Padding_that_is_none_is_told_in_the_same_words()
    {
        Encrypted own = new();
        foreach (byte last in (byte[])[0, 17, 255])
        {
            using Aes aes = Aes.Create();
            aes.Key = own.DocumentKey;
            byte[] iv = new byte[16], plain = [.. Key(1), .. new byte[15], last], cipher = [.. iv, .. aes.EncryptCbc(plain, iv, PaddingMode.None)];
            Encrypted padded = own with { Change = (_, _) => cipher, ChangeMac = (_, _) => HMACSHA512.HashData(own.MacKey, cipher) };
            using CpixDocument document = Read(padded.Document(Key2048, 1));
            document.Invoking(one => one.Unlock(Key2048)).Should().Throw<CpixException>().Where(static e => e.Kind == CpixErrorKind.CannotBeOpened && e.Error.Reason == "the keys cannot be opened with this recipient's key");
            document.ShouldGiveNothing();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(24)]
    [InlineData(32)]
    public void A_key_of_another_length_is_refused(int length)
    {
        Encrypted own = new();
        using CpixDocument document = Read(Document($"<DeliveryDataList>{own.Delivery(Key2048)}</DeliveryDataList>{List(own.ContentKey(1, new byte[length]), own.ContentKey(2))}"));
        document.Invoking(one => one.Unlock(Key2048)).Should().Throw<CpixException>().WithMessage($"*key {Id(1)} has {length} bytes instead of 16*");
        document.ShouldGiveNothing();
    }

    [Theory]
    [InlineData("http://www.w3.org/2001/04/xmlenc#rsa-1_5")]
    [InlineData("http://www.w3.org/2009/xmlenc11#rsa-oaep")]
    public void Another_way_of_wrapping_is_named_and_refused(string algorithm) => Unsupported(new Encrypted { Oaep = $"<enc:EncryptionMethod Algorithm=\"{algorithm}\"/>" }, algorithm);

    [Theory]
    [InlineData("http://www.w3.org/2001/04/xmlenc#aes128-cbc")]
    [InlineData("http://www.w3.org/2001/04/xmlenc#kw-aes256")]
    [InlineData("http://www.w3.org/2009/xmlenc11#aes256-gcm")]
    public void Another_cipher_is_named_and_refused(string algorithm)
    {
        Unsupported(new Encrypted { Cbc = $"<enc:EncryptionMethod Algorithm=\"{algorithm}\"/>" }, algorithm);
        Unsupported(new Encrypted { DocumentKeyAttributes = $"Algorithm=\"{algorithm}\"" }, algorithm);
    }

    [Fact]
    public void Other_digests_labels_codes_and_nothing_at_all_are_named_and_refused()
    {
        const string Method = "<enc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">";
        Unsupported(new Encrypted { Oaep = Method + "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/></enc:EncryptionMethod>" }, "xmlenc#sha256");
        Unsupported(new Encrypted { Oaep = Method + "<enc:MGF Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/></enc:EncryptionMethod>" }, "mgf1sha256");
        Unsupported(new Encrypted { Oaep = Method + "<enc:OAEPparams>YWJj</enc:OAEPparams></enc:EncryptionMethod>" }, "OAEPparams");
        Unsupported(new Encrypted { Oaep = "" }, "no algorithm is named");
        Unsupported(new Encrypted { Cbc = "" }, "no algorithm is named");
        Unsupported(new Encrypted { MacAlgorithm = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" }, "hmac-sha256");
        Unsupported(new Encrypted { HasMac = false }, "no MACMethod");
        using CpixDocument plain = Read(new Encrypted { Oaep = Method + "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/></enc:EncryptionMethod>" }.Document(Key2048, 1));
        plain.Unlock(Key2048);
        plain.ShouldGive((Id(1), Key(1)));
    }

    [Fact]
    public void Two_document_keys_for_one_key_are_an_error_and_the_same_twice_is_none()
    {
        Encrypted one = new(), other = one with { DocumentKey = SHA256.HashData("another"u8) };
        using (CpixDocument same = Read(Document($"<DeliveryDataList>{one.Delivery(Key2048)}{one.Delivery(Key2048)}</DeliveryDataList>{List(one.ContentKey(1))}")))
        {
            same.Unlock(Key2048);
            same.ShouldGive((Id(1), Key(1)));
        }

        using CpixDocument differ = Read(Document($"<DeliveryDataList>{one.Delivery(Key2048)}{other.Delivery(Key2048)}</DeliveryDataList>{List(one.ContentKey(1))}"));
        differ.Invoking(each => each.Unlock(Key2048)).Should().Throw<CpixException>().WithMessage("*two document keys*");
        differ.ShouldGiveNothing();
    }

    [Fact]
    public void A_recipient_without_a_document_key_is_a_request()
    {
        string delivery = new Encrypted().Delivery(Key2048);
        string request = $"{delivery[..delivery.IndexOf("<DocumentKey", StringComparison.Ordinal)]}</DeliveryData>";
        using CpixDocument document = Read(Document($"<DeliveryDataList>{request}</DeliveryDataList>{List($"<ContentKey kid=\"{Kid(1)}\"/>")}"));
        document.Recipients.Should().ContainSingle().Which.DocumentKeyCount.Should().Be(0);
        document.Unlock(Key2048);
        document.ShouldGiveNothing();
    }

    [Fact]
    public void Certificates_that_cannot_be_read_are_noted()
    {
        using ECDsa elliptic = ECDsa.Create();
        byte[] other = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=e", elliptic, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100)).RawData;
        Encrypted own = new();
        string[] strange = ["<DeliveryData/>", Of([1, 2, 3]), Of(other), "<DeliveryData><DeliveryKey><ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data></DeliveryKey></DeliveryData>"];
        using CpixDocument document = Read(Document($"<DeliveryDataList>{string.Concat(strange)}{own.Delivery(Key2048)}</DeliveryDataList>{List(own.ContentKey(1))}"));
        document.Recipients.Select(static each => each.Problem).Should().Equal("it names no certificate", "its certificate cannot be read", "its certificate has no RSA key", "it names no certificate", null);
        document.Notes.Should().HaveCount(4);
        document.Unlock(Key2048);
        document.ShouldGive((Id(1), Key(1)));

        static string Of(byte[] certificate) => $"<DeliveryData><DeliveryKey><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(certificate)}</ds:X509Certificate></ds:X509Data></DeliveryKey></DeliveryData>";
    }

    [Fact]
    public void What_opens_keys_is_never_taken_in_the_clear()
    {
        string xml = new Encrypted().Document(Key2048, 1);
        int from = xml.IndexOf("<DocumentKey", StringComparison.Ordinal), to = xml.IndexOf("</DocumentKey>", StringComparison.Ordinal);
        Refused(xml[..from] + $"<DocumentKey><Data><pskc:Secret><pskc:PlainValue>{Convert.ToBase64String(new byte[32])}</pskc:PlainValue></pskc:Secret></Data>" + xml[to..]).Error.Reason.Should().Contain("in the clear");
    }

    [Fact]
    public void What_is_encrypted_elsewhere_is_not_fetched()
    {
        string xml = new Encrypted().Document(Key2048, 1);
        int from = xml.LastIndexOf("<enc:CipherValue>", StringComparison.Ordinal), to = xml.LastIndexOf("</enc:CipherValue>", StringComparison.Ordinal) + "</enc:CipherValue>".Length;
        Refused($"{xml[..from]}<enc:CipherReference URI=\"http://127.0.0.1:1/key\"/>{xml[to..]}").Error.Reason.Should().Contain("not fetched");
    }

    [Fact]
    public void No_error_shows_a_key_or_what_it_is_encrypted_to()
    {
        Encrypted own = new() { ChangeMac = static (_, mac) => Flip(mac, 1) };
        LeakScan scan = new();
        scan.Plant("key", Key(1));
        scan.Plant("document key", own.DocumentKey);
        scan.Plant("mac key", own.MacKey);
        scan.Plant("private key", Key2048.ExportParameters(true).D!);
        using CpixDocument document = Read(own.Document(Key2048, 1));
        scan.Add("unlock", document.Invoking(each => each.Unlock(Key2048)).Should().Throw<CpixException>().Which);
        scan.AddValue("document", document);
        scan.Check();
    }

    private static void Unsupported(Encrypted encrypted, string named)
    {
        using CpixDocument document = Read(encrypted.Document(Key2048, 1));
        document.Invoking(each => each.Unlock(Key2048)).Should().Throw<CpixException>().Where(e => e.Kind == CpixErrorKind.NotSupported && e.Error.Reason.Contains(named));
        document.ShouldGiveNothing();
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= 1;
        return changed;
    }
}
