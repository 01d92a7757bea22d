using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Reads and verifies challenges. Nothing is believed that is outside the signed part.</summary>
/// <param name="keys">The service's keys.</param>
internal sealed class ChallengeReader(PlayReadyKeys keys)
{
    private const int MostCharacters = 1 << 20;
    private const int MostDepth = 64;
    private const int NonceLength = 16;
    private const int Block = 16;

    private static readonly XNamespace P = Uris.Protocol, Ds = Uris.Signature, Xe = Uris.Encryption;

    /// <summary>Reads a challenge.</summary>
    /// <param name="body">The SOAP message, UTF-8.</param>
    /// <param name="now">The time, against which certificates are checked.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="FaultException">It is refused.</exception>
    public Challenge Read(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        XElement envelope = Parse(body, "The body");
        XElement la = Verify(body, envelope, out byte[] signer);
        if (la.Name != P + "LA" || la.Attribute("Id")?.Value != "SignedData") throw Invalid("The signed part is no LA of the identifier SignedData.");

        string version = Text(la, P + "Version");
        if (version is not ("1" or "3" or "4" or "5")) throw new FaultException(StatusCode.VersionMismatch, "The LA's version is not 1, 3, 4 or 5.");

        XElement clientData = Decrypt(One(la, Xe + "EncryptedData"));
        CertificateFacts device = Device(clientData, now);
        CertifiedKey sign = device.Find(KeyUsage.Sign) ?? throw Invalid("No key of the device may sign.");
        if (!sign.Point.AsSpan().SequenceEqual(signer)) throw Invalid("The challenge is not signed with the device's key.");
        if (device.Find(KeyUsage.EncryptKey) is null) throw Invalid("No key of the device may be encrypted to.");

        byte[] nonce = Bytes(Text(la, P + "LicenseNonce"), "The nonce");
        if (nonce.Length != NonceLength) throw Invalid("The nonce is not 16 bytes long.");
        if (!long.TryParse(Text(la, P + "ClientTime"), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || seconds > uint.MaxValue)
            throw Invalid("The client's time is no Unix time.");

        XElement[] headers = [.. One(la, P + "ContentHeader").Elements()];
        if (headers.Length != 1) throw new FaultException(StatusCode.HeaderInvalid, "The ContentHeader does not hold one element.");
        ContentHeader header = ContentHeader.Read(headers[0]);
        if (header.Version.Minor == 3 && version is not ("1" or "5")) throw new FaultException(StatusCode.VersionMismatch, "A header of version 4.3 needs an LA of version 5, or 1.");

        return new Challenge
        {
            Header = header,
            Nonce = nonce,
            ClientTime = DateTimeOffset.FromUnixTimeSeconds(seconds),
            Device = device,
            KnowsCbc = clientData.Elements("Features").Elements("Feature").Any(feature => feature.Attribute("Name")?.Value == "AESCBC"),
            CustomData = la.Element(P + "CustomData")?.Value,
        };
    }

    // The digest covers LA and the signature covers SignedInfo exactly as they were sent, so both are cut out of the bytes; and what is
    // read afterwards is read from these cuts, never from another place of the document.
    private static XElement Verify(ReadOnlySpan<byte> body, XElement envelope, out byte[] signer)
    {
        XElement[] challenges = [.. envelope.Descendants(XName.Get("Challenge", Uris.Messages))];
        if (challenges.Length != 1) throw Invalid("The body does not hold one Challenge.");
        XElement signature = One(challenges[0], Ds + "Signature");
        One(challenges[0], P + "LA");
        byte[] la = Cut(body, "LA"), signedInfo = Cut(body, "SignedInfo");

        XElement info = Parse(signedInfo, "The SignedInfo");
        XElement reference = One(info, Ds + "Reference");
        if (info.Name != Ds + "SignedInfo" || reference.Attribute("URI")?.Value != "#SignedData") throw Invalid("The signature is about something else.");
        if (One(info, Ds + "SignatureMethod").Attribute("Algorithm")?.Value != Uris.Ecdsa) throw Invalid("The signature is of another algorithm.");
        if (One(reference, Ds + "DigestMethod").Attribute("Algorithm")?.Value != Uris.Sha256) throw Invalid("The digest is of another algorithm.");
        if (!Bytes(Text(reference, Ds + "DigestValue"), "The digest").AsSpan().SequenceEqual(SHA256.HashData(la))) throw Invalid("The digest is wrong.");

        One(signature, Ds + "SignedInfo");
        XElement keyValue = One(One(signature, Ds + "KeyInfo"), Ds + "KeyValue");
        signer = Bytes(Text(One(keyValue, Ds + "ECCKeyValue"), Ds + "PublicKey"), "The public key");
        if (!Curve.Verify(signer, signedInfo, Bytes(Text(signature, Ds + "SignatureValue"), "The signature"))) throw Invalid("The signature is wrong.");
        return Parse(la, "The LA");
    }

    private XElement Decrypt(XElement data)
    {
        if (One(data, Xe + "EncryptionMethod").Attribute("Algorithm")?.Value != Uris.Aes128Cbc) throw Invalid("The client's data is encrypted with another algorithm.");
        XElement encryptedKey = One(One(data, Ds + "KeyInfo"), Xe + "EncryptedKey");
        if (One(encryptedKey, Xe + "EncryptionMethod").Attribute("Algorithm")?.Value != Uris.Ecc256) throw Invalid("The session key is wrapped with another algorithm.");
        byte[] wrapped = Bytes(Text(One(encryptedKey, Xe + "CipherData"), Xe + "CipherValue"), "The wrapped session key");
        byte[] encrypted = Bytes(Text(One(data, Xe + "CipherData"), Xe + "CipherValue"), "The client's data");

        using ECDsa service = PlayReadyKeys.Open(keys.ServiceKey);
        byte[] x = Curve.Unwrap(Curve.ScalarOf(service), wrapped) ?? throw Invalid("The wrapped session key is not two points of the curve.");
        if (encrypted.Length < 2 * Block || encrypted.Length % Block != 0) throw Invalid("The client's data is not a number of blocks.");
        if (!encrypted.AsSpan(0, Block).SequenceEqual(x.AsSpan(0, Block))) throw Invalid("The session key is not for this server, or the client's data does not begin with its first half.");

        using Aes aes = Aes.Create();
        aes.SetKey(x.AsSpan(Block));
        CryptographicOperations.ZeroMemory(x.AsSpan(Block));
        try
        {
            return Parse(aes.DecryptCbc(encrypted.AsSpan(Block), encrypted.AsSpan(0, Block)), "The client's data");
        }
        catch (CryptographicException)
        {
            throw Invalid("The client's data cannot be decrypted.");
        }
    }

    private CertificateFacts Device(XElement clientData, DateTimeOffset now)
    {
        if (clientData.Name != "Data") throw Invalid("The client's data is of another form.");
        XElement first = One(clientData, "CertificateChains").Elements("CertificateChain").FirstOrDefault() ?? throw Invalid("The client's data has no chain.");
        try
        {
            return CertificateChain.Verify(Bytes(first.Value.Trim(), "The chain"), keys.Root, now);
        }
        catch (FormatException e)
        {
            throw Invalid(e.Message.EndsWith('.') ? e.Message : $"The chain: {e.Message}.");
        }
    }

    private static XElement Parse(ReadOnlySpan<byte> xml, string what)
    {
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(xml);
            XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostCharacters };
            using (XmlReader depth = XmlReader.Create(new StringReader(text.TrimStart('\uFEFF')), settings))
                while (depth.Read())
                    if (depth.Depth > MostDepth) throw Invalid($"{what} is nested too deeply.");   // the tree's own methods recurse
            using XmlReader reader = XmlReader.Create(new StringReader(text.TrimStart('\uFEFF')), settings);
            return XElement.Load(reader);
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            throw Invalid($"{what} is not well-formed XML without a DTD.");
        }
    }

    private static byte[] Cut(ReadOnlySpan<byte> body, string name)
    {
        byte[] start = Encoding.ASCII.GetBytes("<" + name), end = Encoding.ASCII.GetBytes($"</{name}>");
        int from = -1;
        for (int i = body.IndexOf(start), next; i >= 0; i = (next = body[(i + 1)..].IndexOf(start)) < 0 ? -1 : i + 1 + next)
        {
            if (i + start.Length >= body.Length || body[i + start.Length] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'>')) continue;
            if (from >= 0) throw Invalid($"There are several elements {name}.");
            from = i;
        }

        int to = body.IndexOf(end);
        if (from < 0 || to < from || to != body.LastIndexOf(end)) throw Invalid($"There is not exactly one element {name}, without a prefix.");
        return body[from..(to + end.Length)].ToArray();
    }

    private static XElement One(XElement parent, XName name)
    {
        XElement[] found = [.. parent.Elements(name)];
        return found.Length == 1 ? found[0] : throw Invalid($"There is not exactly one {name.LocalName} in {parent.Name.LocalName}.");
    }

    private static string Text(XElement parent, XName name) => One(parent, name).Value.Trim();

    private static byte[] Bytes(string text, string what)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw Invalid($"{what} is not base64.");
        }
    }

    private static FaultException Invalid(string what) => new(StatusCode.InvalidMessage, what);
}
