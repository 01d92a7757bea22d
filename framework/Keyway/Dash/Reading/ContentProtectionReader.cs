using System.Buffers.Binary;
using System.Text;
using Keyway.Dash.Xml;
using Keyway.Decryption;
using Keyway.Protection;

namespace Keyway.Dash.Reading;

/// <summary>Reads <c>ContentProtection</c> elements.</summary>
internal static class ContentProtectionReader
{
    public static ContentProtection Read(MpdCursor at, string parent)
    {
        string path = at.Path;
        string scheme = at.Attribute("schemeIdUri")?.Trim() ?? "";
        string? value = at.Attribute("value");
        SystemId? system = NamedSystem.Find(scheme);
        string? idText = at.Attribute("default_KID", MpdNames.IsCenc);
        string? refId = at.Attribute("refId"), reference = at.Attribute("ref"), robustness = at.Attribute("robustness");
        List<PsshElement> pssh = [];
        List<ProElement> pro = [];
        List<LicenseUrlElement> urls = [];
        List<OtherElement> others = [];
        at.Children(() =>
        {
            string name = at.Name;
            string space = at.Namespace;
            if (name == "pssh" && MpdNames.IsCenc(space)) pssh.Add(ReadPssh(at, system));
            else if (name == "pro" && MpdNames.IsMicrosoft(space)) pro.Add(ReadPro(at));
            else if (name.Equals("laurl", StringComparison.OrdinalIgnoreCase) && (MpdNames.IsDashIf(space) || MpdNames.IsMicrosoft(space)))
                urls.Add(ReadUrl(at));
            else if (others.Count < ManifestLimits.OtherElements) AddOther(at, others);
        });

        return new ContentProtection
        {
            Path = path,
            At = parent,
            SchemeIdUri = scheme,
            Value = value,
            System = system,
            Scheme = SchemeOf(scheme, value),
            DefaultKeyIdText = idText,
            DefaultKeyIds = idText is null ? [] : KeyIds(at, path, idText),
            Pssh = pssh,
            Pro = pro,
            LicenseUrls = urls,
            Others = others,
            RefId = refId,
            Ref = reference,
            Robustness = robustness,
        };
    }

    /// <summary>The element with what it takes over from the one that it refers to (ISO/IEC 23009-1, 5.8.4.1.2): all that it does not say itself.</summary>
    public static ContentProtection Over(ContentProtection own, ContentProtection referred) => own with
    {
        SchemeIdUri = own.SchemeIdUri.Length > 0 ? own.SchemeIdUri : referred.SchemeIdUri,
        Value = own.Value ?? referred.Value,
        System = own.System ?? referred.System,
        Scheme = own.Scheme == ProtectionScheme.None ? referred.Scheme : own.Scheme,
        DefaultKeyIdText = own.DefaultKeyIdText ?? referred.DefaultKeyIdText,
        DefaultKeyIds = own.DefaultKeyIdText is null ? referred.DefaultKeyIds : own.DefaultKeyIds,
        Pssh = own.Pssh.Count > 0 ? own.Pssh : referred.Pssh,
        Pro = own.Pro.Count > 0 ? own.Pro : referred.Pro,
        LicenseUrls = own.LicenseUrls.Count > 0 ? own.LicenseUrls : referred.LicenseUrls,
        Others = own.Others.Count > 0 ? own.Others : referred.Others,
        Robustness = own.Robustness ?? referred.Robustness,
    };

    private static ProtectionScheme SchemeOf(string scheme, string? value)
    {
        if (!scheme.Equals(ContentProtection.Mp4Protection, StringComparison.OrdinalIgnoreCase) || value is not { Length: 4 }) return ProtectionScheme.None;
        byte[] letters = Encoding.ASCII.GetBytes(value.ToLowerInvariant());
        ProtectionScheme named = (ProtectionScheme)BinaryPrimitives.ReadUInt32BigEndian(letters);
        return Enum.IsDefined(named) ? named : ProtectionScheme.None;
    }

    private static List<KeyId> KeyIds(MpdCursor at, string path, string text)
    {
        List<KeyId> ids = [];
        foreach (string part in text.Split((char[]?)null, ManifestLimits.KeyIds + 1, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (ids.Count == ManifestLimits.KeyIds) at.NoteAt(path, $"cenc:default_KID has more than {ManifestLimits.KeyIds} key identifiers; the rest is left out");
            else if (!KeyId.TryParse(part, out KeyId id)) at.NoteAt(path, "cenc:default_KID has a value that is not a key identifier");
            else if (!ids.Contains(id)) ids.Add(id);
        }

        return ids;
    }

    private static PsshElement ReadPssh(MpdCursor at, SystemId? system)
    {
        string path = at.Path;
        if (!TryBase64(at, path, out byte[] bytes, out FormatError? error)) return new PsshElement { Path = path, Error = error };

        // A box says so itself, in its second four bytes. What does not is the data alone, which some packagers write.
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(4)) != PsshBox.Type)
        {
            at.NoteAt(path, system is null ? "cenc:pssh holds no box, and the element around it names no protection system" : "cenc:pssh holds bare data instead of a box");
            return new PsshElement
            {
                Path = path,
                Content = bytes,
                IsBare = true,
                Boxes = system is { } known ? [new PsshBox { Version = 0, System = known, Data = bytes }] : [],
            };
        }

        bool whole = PsshBox.TryReadAll(bytes, out IReadOnlyList<PsshBox> boxes, out FormatError broken);
        if (boxes.Any(static box => box.IsTruncated)) at.NoteAt(path, "cenc:pssh: the data of a box is cut off");
        if (whole) return new PsshElement { Path = path, Content = bytes, Boxes = boxes };
        at.NoteAt(path, $"cenc:pssh: {broken.Reason}");
        return new PsshElement { Path = path, Content = bytes, Boxes = boxes, Error = broken };
    }

    private static ProElement ReadPro(MpdCursor at)
    {
        string path = at.Path;
        return TryBase64(at, path, out byte[] bytes, out FormatError? error)
            ? new ProElement { Path = path, Content = bytes, Box = new PsshBox { Version = 0, System = SystemIds.PlayReady, Data = bytes } }
            : new ProElement { Path = path, Error = error };
    }

    private static LicenseUrlElement ReadUrl(MpdCursor at)
    {
        string path = at.Path, element = at.Name;
        string? type = at.Attribute("licenseType") ?? at.Attribute("Lic_type") ?? at.Attribute("lic_type");

        // ms:laurl has the address in an attribute, the others in the text.
        string? attribute = at.Attribute("licenseUrl");
        string text = (attribute ?? at.Text()).Trim();
        bool usable = Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https";
        if (!usable) at.NoteAt(path, "the address of a licence server is not an absolute http(s) address");
        return new LicenseUrlElement { Path = path, Element = element, Text = text, Url = usable ? url : null, LicenseType = type };
    }

    private static void AddOther(MpdCursor at, List<OtherElement> others)
    {
        string name = at.Name;
        List<KeyValuePair<string, string>> attributes = [.. at.Attributes().Select(static pair => new KeyValuePair<string, string>(ManifestReader.Shown(pair.Key), ManifestReader.Shown(pair.Value)))];
        string text = ManifestReader.Shown(at.Text());
        others.Add(new OtherElement(ManifestReader.Shown(name), text.Length == 0 ? null : text, attributes));
    }

    private static bool TryBase64(MpdCursor at, string path, out byte[] bytes, out FormatError? error)
    {
        error = null;
        if (LenientBase64.TryRead(at.Text(), out bytes)) return true;
        error = new FormatError("this is not base64", path, -1);
        at.NoteAt(path, "this is not base64");
        return false;
    }
}
