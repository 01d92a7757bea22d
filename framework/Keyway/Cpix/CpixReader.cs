using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Keyway.Cpix.Xml;
using Keyway.Decryption;

namespace Keyway.Cpix;

/// <summary>Reads the elements of a CPIX document, 2.0 to 2.4. What is not known is passed over; lists may come in any order.</summary>
internal sealed class CpixReader(CpixCursor at, KeyStore store)
{
    private readonly Dictionary<KeyId, CpixContentKey> _byId = [];

    public string? Id { get; private set; }

    public string? ContentId { get; private set; }

    public string? Name { get; private set; }

    public string? Version { get; private set; }

    public List<CpixContentKey> Keys { get; } = [];

    public List<CpixRecipient> Recipients { get; } = [];

    public List<CpixDrmSystem> Systems { get; } = [];

    public List<CpixKeyPeriod> Periods { get; } = [];

    public List<CpixUsageRule> Rules { get; } = [];

    public List<string> Notes { get; } = [];

    /// <summary>Reads the root element.</summary>
    /// <exception cref="CpixException">It is none of CPIX, or contradicts itself.</exception>
    public void Read()
    {
        if (at.Name != "CPIX" || (at.Namespace.Length > 0 && at.Namespace != CpixNames.Cpix)) throw at.Refuse("the root is not a CPIX element");
        if (at.Namespace.Length == 0) Note("the document has no namespace");
        (Id, ContentId, Name, Version) = (at.ShortAttribute("id"), at.ShortAttribute("contentId"), at.ShortAttribute("name"), at.ShortAttribute("version"));
        if (Version is { Length: > 0 } version && !version.StartsWith("2.", StringComparison.Ordinal)) Note($"version {version} is not known; it is read as 2.4");
        at.Children(() =>
        {
            switch (at.Name)
            {
                case "DeliveryDataList":
                    Each("DeliveryData", ReadRecipient);
                    break;
                case "ContentKeyList":
                    Each("ContentKey", ReadKey);
                    break;
                case "DRMSystemList":
                    Each("DRMSystem", () => Add(Systems, CpixSystemReader.Read(at, Note)));
                    break;
                case "ContentKeyPeriodList":
                    Each("ContentKeyPeriod", () => Add(Periods, ReadPeriod()));
                    break;
                case "ContentKeyUsageRuleList":
                    Each("ContentKeyUsageRule", () => Add(Rules, CpixRuleReader.Read(at)));
                    break;
                case "Signature" when at.Namespace == CpixNames.Signature:
                    Note("the document is signed; signatures are not verified");
                    break;
            }
        });
        Check();
    }

    private void Each(string name, Action read) => at.Children(() =>
    {
        if (at.Name == name) read();
    });

    private void Add<T>(List<T> list, T item)
    {
        if (list.Count == CpixLimits.Entries) throw at.Refuse($"there are more than {CpixLimits.Entries} of them");
        list.Add(item);
    }

    private void Note(string text)
    {
        if (Notes.Count < CpixLimits.Notes) Notes.Add(text);
        else if (Notes.Count == CpixLimits.Notes) Notes.Add("more remarks were left out");
    }

    /// <summary>What is said of keys that are not there, and of periods.</summary>
    private void Check()
    {
        HashSet<string> periods = new(StringComparer.Ordinal);
        foreach (CpixKeyPeriod period in Periods)
            if (period.Id is { Length: > 0 } id && !periods.Add(id)) throw at.Refuse($"two key periods have the identifier '{CpixCursor.Shorten(id)}'", period.Path);
        for (int i = 0; i < Rules.Count; i++)
        {
            CpixUsageRule rule = Rules[i];
            if (!_byId.ContainsKey(rule.KeyId)) rule = rule with { Problem = "its key is not in the document" };
            else if (rule.Filters.FirstOrDefault(filter => filter.PeriodId is { } id && !periods.Contains(id)) is { } strange) rule = rule with { Problem = $"there is no key period '{CpixCursor.Shorten(strange.PeriodId!)}'" };
            if (rule.Problem is null) continue;
            Rules[i] = rule;
            Note($"a rule for {rule.KeyId} is not used: {rule.Problem} (at {rule.Path})");
        }

        foreach (CpixContentKey key in Keys)
            if (key.DependsOn is { } root && !_byId.ContainsKey(root)) Note($"key {key.Id} depends on {root}, which is not in the document");
        if (_byId.Count == 0) return;
        foreach (CpixDrmSystem system in Systems)
            if (system.KeyId is { } id && !_byId.ContainsKey(id)) Note($"{Protection.SystemIds.NameOf(system.System)} is about {id}, which is not in the document (at {system.Path})");
    }

    private void ReadKey()
    {
        string path = at.Path;
        KeyId id = RequiredId("kid");
        if (Keys.Count == CpixLimits.ContentKeys) throw at.Refuse($"there are more than {CpixLimits.ContentKeys} keys");
        if (_byId.ContainsKey(id)) throw at.Refuse($"key {id} is there twice");
        string? scheme = at.ShortAttribute("commonEncryptionScheme"), contentId = at.ShortAttribute("contentId");
        KeyId? root = OptionalId("dependsOnKey");
        int vector = ReadVector(id);
        EncryptedValue? encrypted = null;
        int slot = -1;
        Each("Data", () => Each("Secret", () =>
        {
            if (encrypted is not null || slot >= 0) throw at.Refuse($"key {id} has two values");
            (encrypted, slot) = ReadSecret(id);
        }));
        CpixContentKey key = new()
        {
            Id = id,
            Path = path,
            Scheme = SchemeOf(scheme),
            SchemeText = scheme,
            DependsOn = root,
            ContentId = contentId,
            Vector = vector,
            Slot = slot,
            Encrypted = encrypted,
            State = slot >= 0 ? CpixKeyState.Clear : encrypted is not null ? CpixKeyState.Encrypted : CpixKeyState.Absent,
        };
        if (key is { SchemeText.Length: > 0, Scheme: ProtectionScheme.None }) Note($"key {id} is for '{scheme}', which is no scheme of Common Encryption");
        Keys.Add(key);
        _byId.Add(id, key);
    }

    private int ReadVector(KeyId id)
    {
        if (at.AttributeBytes("explicitIV", CpixLimits.KeyBytes) is not { Length: > 0 } vector) return -1;
        try
        {
            if (vector.Length == KeyStore.SlotBytes) return store.Add(vector);
            Note(string.Create(CultureInfo.InvariantCulture, $"the explicitIV of key {id} has {vector.Length} bytes instead of 16; it is ignored"));
            return -1;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(vector);
        }
    }

    /// <summary>Reads a <c>pskc:Secret</c>: a key in the clear goes into memory of its own at once.</summary>
    private (EncryptedValue? Encrypted, int Slot) ReadSecret(KeyId id)
    {
        EncryptedValue? encrypted = null;
        byte[]? mac = null;
        int slot = -1;
        at.Children(() =>
        {
            switch (at.Name)
            {
                case "PlainValue":
                    if (slot >= 0) throw at.Refuse($"key {id} has two values");
                    byte[] key = at.Bytes(CpixLimits.KeyBytes);
                    try
                    {
                        if (key.Length != KeyStore.SlotBytes) throw at.Refuse(string.Create(CultureInfo.InvariantCulture, $"key {id} has {key.Length} bytes instead of {KeyStore.SlotBytes}"));
                        slot = store.Add(key);
                    }
                    finally
                    {
                        CryptographicOperations.ZeroMemory(key);
                    }

                    break;
                case "EncryptedValue":
                    if (encrypted is not null) throw at.Refuse($"key {id} has two values");
                    encrypted = ReadEncrypted();
                    break;
                case "ValueMAC":
                    mac = at.Bytes(CpixLimits.CipherBytes);
                    break;
            }
        });
        if (encrypted is not null && slot >= 0) throw at.Refuse($"key {id} is there in the clear and encrypted");
        return (encrypted is null ? null : encrypted with { Mac = mac }, slot);
    }

    /// <summary>Reads what is encrypted, in whichever elements it is wrapped: RFC 6030 puts it into <c>MACKey</c> itself, a service into an <c>EncryptedValue</c> in a <c>Key</c> of CPIX.</summary>
    private EncryptedValue? ReadWrapped()
    {
        EncryptedValue? value = null;
        byte[]? mac = null;
        string? algorithm = null, parameter = null;
        byte[]? cipher = null;
        string path = at.Path;
        Walk();
        if (value is not null && cipher is not null) throw at.Refuse("there are two values", path);
        value ??= cipher is null ? null : new EncryptedValue { Path = path, Algorithm = algorithm, Parameter = parameter, Cipher = cipher };
        return value is null ? null : value with { Mac = mac };

        void Walk() => at.Children(() =>
        {
            switch (at.Name)
            {
                case "EncryptedValue":
                    if (value is not null) throw at.Refuse("there are two values");
                    value = ReadEncrypted();
                    break;
                case "ValueMAC":
                    mac = at.Bytes(CpixLimits.CipherBytes);
                    break;
                case "Data" or "Secret" or "MACKey" or "Key":
                    Walk();
                    break;
                case "PlainValue":
                    throw at.Refuse("what opens keys stands there in the clear");
                default:
                    ReadEncryptedChild(ref algorithm, ref parameter, ref cipher);
                    break;
            }
        });
    }

    private EncryptedValue ReadEncrypted()
    {
        string path = at.Path;
        string? algorithm = null, parameter = null;
        byte[]? cipher = null;
        at.Children(() => ReadEncryptedChild(ref algorithm, ref parameter, ref cipher));
        return new EncryptedValue { Path = path, Algorithm = algorithm, Parameter = parameter, Cipher = cipher ?? throw at.Refuse("there is no CipherValue", path) };
    }

    private void ReadEncryptedChild(ref string? algorithm, ref string? parameter, ref byte[]? cipher)
    {
        if (at.Name == "EncryptionMethod")
        {
            algorithm = at.ShortAttribute("Algorithm");
            string? found = null;
            at.Children(() =>
            {
                string? said = at.ShortAttribute("Algorithm");
                if (at.Name == "DigestMethod" && said != CpixNames.Sha1) found = $"the digest {said}";
                else if (at.Name == "MGF" && said != CpixNames.Mgf1Sha1) found = $"the mask generation function {said}";
                else if (at.Name == "OAEPparams" && at.Bytes(CpixLimits.CipherBytes).Length > 0) found = "a label (OAEPparams)";
            });
            parameter = found;
        }
        else if (at.Name == "CipherData")
        {
            if (cipher is not null) throw at.Refuse("there are two values");
            byte[]? read = null;
            Each("CipherValue", () => read = read is null ? at.Bytes(CpixLimits.CipherBytes) : throw at.Refuse("there are two values"));
            cipher = read ?? throw at.Refuse("there is no CipherValue: what is encrypted elsewhere is not fetched");
        }
    }

    private void ReadRecipient()
    {
        if (Recipients.Count == CpixLimits.Recipients) throw at.Refuse($"there are more than {CpixLimits.Recipients} recipients");
        CpixRecipient recipient = new() { Path = at.Path, Id = at.ShortAttribute("id"), Name = at.ShortAttribute("name") };
        byte[]? certificate = null;
        MacMethod? mac = null;
        List<DocumentKey> keys = [];
        at.Children(() =>
        {
            switch (at.Name)
            {
                case "DeliveryKey":
                    Each("X509Data", () => Each("X509Certificate", () => certificate ??= at.TryBytes(CpixLimits.SignalBytes) ?? []));
                    break;
                case "DocumentKey":
                    if (keys.Count == CpixLimits.DocumentKeys) throw at.Refuse($"there are more than {CpixLimits.DocumentKeys} document keys");
                    keys.Add(new DocumentKey { Path = at.Path, Algorithm = at.ShortAttribute("Algorithm"), KeyIds = ReadIds("encryptsKey"), Value = ReadWrapped() });
                    break;
                case "MACMethod":
                    if (mac is not null) throw at.Refuse("there are two MACMethod elements");
                    mac = new MacMethod { Path = at.Path, Algorithm = at.ShortAttribute("Algorithm"), Key = ReadWrapped() };
                    break;
            }
        });
        recipient = recipient with
        {
            DocumentKeys = [.. keys.Where(static key => key.Value is not null)],
            Mac = mac,
            KeyIds = keys.Exists(static key => key.KeyIds is null) ? [] : [.. keys.SelectMany(static key => key.KeyIds!)],
        };
        recipient = certificate is null ? recipient with { Problem = "it names no certificate" } : WithCertificate(recipient, certificate);
        if (recipient.Problem is { } problem) Note($"a recipient cannot be told by its key: {problem} (at {recipient.Path})");
        Recipients.Add(recipient);
    }

    private static CpixRecipient WithCertificate(CpixRecipient recipient, byte[] bytes)
    {
        try
        {
            if (bytes.Length == 0) return recipient with { Problem = "its certificate cannot be read" };
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(bytes);
            recipient = recipient with
            {
                Subject = CpixCursor.Shorten(certificate.Subject),
                Issuer = CpixCursor.Shorten(certificate.Issuer),
                SerialNumber = CpixCursor.Shorten(certificate.SerialNumber),
                Fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span)),
            };
            using RSA? key = certificate.GetRSAPublicKey();
            if (key is null) return recipient with { Problem = "its certificate has no RSA key" };
            RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
            return recipient with { KeyBits = key.KeySize, Modulus = parameters.Modulus!, Exponent = parameters.Exponent! };
        }
        catch (CryptographicException)
        {
            return recipient with { Problem = "its certificate cannot be read" };
        }
    }

    private CpixKeyPeriod ReadPeriod()
    {
        DateTimeOffset? start = Time("start"), end = Time("end");
        TimeSpan? startOffset = Duration("startOffset"), endOffset = Duration("endOffset"), duration = Duration("duration");
        try
        {
            if (end is null && start is { } from && duration is { } length) end = from + length;
            if (endOffset is null && startOffset is { } begin && duration is { } span) endOffset = begin + span;
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or OverflowException)
        {
            throw at.Refuse("the key period ends at no time that there is");
        }

        long? index = null;
        if (at.Attribute("index") is { } number)
            index = long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : throw at.Refuse("@index is not a number");
        if (end < start || endOffset < startOffset) throw at.Refuse("the key period ends before it begins");
        return new CpixKeyPeriod { Path = at.Path, Id = at.Attribute("id"), Index = index, Label = at.Attribute("label"), Start = start, End = end, StartOffset = startOffset, EndOffset = endOffset };
    }

    private DateTimeOffset? Time(string name)
    {
        if (at.Attribute(name) is not { } text) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset value)
            ? value
            : throw at.Refuse($"@{name} is not a time");
    }

    private TimeSpan? Duration(string name)
    {
        if (at.Attribute(name) is not { } text) return null;
        try
        {
            return XmlConvert.ToTimeSpan(text) is { } value && value >= TimeSpan.Zero ? value : throw at.Refuse($"@{name} is not a duration");
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            throw at.Refuse($"@{name} is not a duration");
        }
    }

    private KeyId RequiredId(string name) => OptionalId(name) ?? throw at.Refuse($"@{name} is missing");

    private KeyId? OptionalId(string name) => at.Attribute(name) is not { Length: > 0 } text ? null : KeyId.TryParse(text, out KeyId id) ? id : throw at.Refuse($"@{name} is not a UUID");

    private List<KeyId>? ReadIds(string name)
    {
        if (at.Attribute(name) is not { } text) return null;
        List<KeyId> ids = [];
        foreach (string part in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!KeyId.TryParse(part, out KeyId id)) throw at.Refuse($"@{name} is not a list of UUIDs");
            ids.Add(id);
        }

        return ids;
    }

    private static ProtectionScheme SchemeOf(string? text)
    {
        if (text is not { Length: 4 }) return ProtectionScheme.None;
        ProtectionScheme named = (ProtectionScheme)BinaryPrimitives.ReadUInt32BigEndian(Encoding.Latin1.GetBytes(text.ToLowerInvariant()));
        return Enum.IsDefined(named) ? named : ProtectionScheme.None;
    }
}
