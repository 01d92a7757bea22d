using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Keyway.Decryption;
using Keyway.Testing;

namespace Keyway.Cpix;

/// <summary>Makes CPIX documents with the platform's primitives, and says which key a document really gives.</summary>
internal static class CpixBench
{
    public const string Namespaces = "xmlns=\"urn:dashif:org:cpix\" xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\" xmlns:enc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";

    private const string Enc = "http://www.w3.org/2001/04/xmlenc#";

    public static string Folder { get; } = Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Cpix", "Vectors");

    /// <summary>The keys of the bundled sample.</summary>
    public static IReadOnlyList<(KeyId Id, byte[] Key)> SampleKeys { get; } = ReadKeys();

    public static string Kid(int number) => $"00000000-0000-0000-0000-{number:x12}";

    public static KeyId Id(int number) => new((UInt128)number);

    public static byte[] Key(int number) => SHA256.HashData(Encoding.UTF8.GetBytes($"content key {number}"))[..16];

    public static byte[] Vector(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static RSA Recipient(string name = "recipient.pem")
    {
        RSA key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(Folder, name)));
        return key;
    }

    public static CpixDocument Read(string xml, string source = "film.cpix") => CpixDocument.Read(Encoding.UTF8.GetBytes(xml), source);

    /// <summary>The error that reading a document gives.</summary>
    public static CpixException Refused(string xml) => ((Action)(() => Read(xml).Dispose())).Should().Throw<CpixException>().Which;

    public static string Document(string content, string attributes = "version=\"2.3\"") => $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><CPIX {Namespaces} {attributes}>{content}</CPIX>";

    public static string List(params string[] keys) => $"<ContentKeyList>{string.Concat(keys)}</ContentKeyList>";

    public static string Plain(int number, string attributes = "") => Plain(Kid(number), Key(number), attributes);

    public static string Plain(string kid, byte[] key, string attributes = "") =>
        $"<ContentKey kid=\"{kid}\" {attributes}><Data><pskc:Secret><pskc:PlainValue>{Convert.ToBase64String(key)}</pskc:PlainValue></pskc:Secret></Data></ContentKey>";

    /// <summary>The keys that a document gives, one by one: what each makes of a block is compared with what the platform's AES makes of it.</summary>
    public static void ShouldGive(this CpixDocument document, params (KeyId Id, byte[] Key)[] keys)
    {
        using RawKeyRing ring = new();
        document.AddTo(ring).Should().Be(keys.Length);
        SampleDecryptor decryptor = ring.CreateDecryptor();
        byte[] counter = SHA256.HashData("counter"u8)[..16];
        foreach ((KeyId id, byte[] key) in keys)
        {
            byte[] stream = new byte[16];
            decryptor.Decrypt(stream, new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = id, InitializationVector = counter }).Should().Be(DecryptStatus.Decrypted);
            using Aes aes = Aes.Create();
            aes.Key = key;
            stream.Should().Equal(aes.EncryptEcb(counter, PaddingMode.None), "it is the key of {0}", id);
        }
    }

    /// <summary>Checks that a document gives no key any more.</summary>
    public static void ShouldGiveNothing(this CpixDocument document)
    {
        using RawKeyRing ring = new();
        document.Invoking(each => each.AddTo(ring)).Should().Throw<CpixException>();
        foreach (CpixContentKey key in document.ContentKeys) document.Invoking(each => each.AddTo(ring, key.Id)).Should().Throw<CpixException>();
    }

    /// <summary>What is encrypted for a recipient, and what of it may be spoilt.</summary>
    public sealed record Encrypted
    {
        public byte[] DocumentKey { get; init; } = SHA256.HashData("document key"u8);

        public byte[] MacKey { get; init; } = SHA512.HashData("mac key"u8);

        public string Oaep { get; init; } = $"<enc:EncryptionMethod Algorithm=\"{Enc}rsa-oaep-mgf1p\"/>";

        public string Cbc { get; init; } = $"<enc:EncryptionMethod Algorithm=\"{Enc}aes256-cbc\"/>";

        public string MacAlgorithm { get; init; } = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";

        public string DocumentKeyAttributes { get; init; } = "";

        public RSAEncryptionPadding Padding { get; init; } = RSAEncryptionPadding.OaepSHA1;

        /// <summary>Changes what a key was encrypted to, and the code over it stays as it was.</summary>
        public Func<int, byte[], byte[]> Change { get; init; } = static (_, cipher) => cipher;

        /// <summary>Changes the code.</summary>
        public Func<int, byte[], byte[]?> ChangeMac { get; init; } = static (_, mac) => mac;

        public Func<byte[], byte[]> ChangeWrapped { get; init; } = static wrapped => wrapped;

        public bool HasMac { get; init; } = true;

        public string Delivery(RSA key, string name = "CN=packager.example") => $"<DeliveryData><DeliveryKey><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(Certificate(key, name))}</ds:X509Certificate></ds:X509Data></DeliveryKey>"
            + $"<DocumentKey {DocumentKeyAttributes}><Data><pskc:Secret><pskc:EncryptedValue>{Oaep}{Cipher(ChangeWrapped(key.Encrypt(DocumentKey, Padding)))}</pskc:EncryptedValue></pskc:Secret></Data></DocumentKey>"
            + (HasMac ? $"<MACMethod Algorithm=\"{MacAlgorithm}\"><pskc:MACKey>{Oaep}{Cipher(key.Encrypt(MacKey, Padding))}</pskc:MACKey></MACMethod>" : "")
            + "</DeliveryData>";

        public string ContentKey(int number) => ContentKey(number, Key(number));

        public string ContentKey(int number, byte[] key)
        {
            using Aes aes = Aes.Create();
            aes.Key = DocumentKey;
            byte[] iv = SHA256.HashData(BitConverter.GetBytes(number))[..16], cipher = [.. iv, .. aes.EncryptCbc(key, iv)];
            byte[]? mac = ChangeMac(number, HMACSHA512.HashData(MacKey, cipher));
            return $"<ContentKey kid=\"{Kid(number)}\"><Data><pskc:Secret><pskc:EncryptedValue>{Cbc}{Cipher(Change(number, cipher))}</pskc:EncryptedValue>"
                + (mac is null ? "" : $"<pskc:ValueMAC>{Convert.ToBase64String(mac)}</pskc:ValueMAC>") + "</pskc:Secret></Data></ContentKey>";
        }

        public string Document(RSA key, params int[] numbers) => CpixBench.Document($"<DeliveryDataList>{Delivery(key)}</DeliveryDataList>{List([.. numbers.Select(ContentKey)])}");

        private static string Cipher(byte[] bytes) => $"<enc:CipherData><enc:CipherValue>{Convert.ToBase64String(bytes)}</enc:CipherValue></enc:CipherData>";

        private static byte[] Certificate(RSA key, string name)
        {
            using X509Certificate2 certificate = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero));
            return certificate.RawData;
        }
    }

    private static List<(KeyId, byte[])> ReadKeys()
    {
        using JsonDocument keys = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Root, "samples", "keys.json")));
        return [.. keys.RootElement.GetProperty("keys").EnumerateArray().Select(static key =>
            (KeyId.TryParse(key.GetProperty("kid").GetString()!, out KeyId id) ? id : default, Convert.FromHexString(key.GetProperty("key").GetString()!)))];
    }
}
