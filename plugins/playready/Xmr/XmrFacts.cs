using System.Globalization;
using Keyway.Licensing;

namespace Keyway.PlayReady.Xmr;

/// <summary>A licence for people: its rules, and every object by name and place. No byte of a key, of a wrap or of a MAC.</summary>
internal static class XmrFacts
{
    private const int HeadLength = 24;

    /// <summary>Describes a licence, also one that would be refused. Nothing of it is verified.</summary>
    public static LicenseDescription Describe(ReadOnlyMemory<byte> bytes)
    {
        List<HeaderFact> facts = [];
        List<KeyId> ids = [];
        bool isRead = XmrEnvelope.TryRead(bytes, out XmrEnvelope? envelope, out PlayReadyFault fault);
        if (isRead)
        {
            ids.Add(envelope!.KeyId);
            facts.Add(new HeaderFact { Name = "KeyId", Value = envelope.KeyId.ToString() });
            facts.Add(new HeaderFact { Name = "KeyType", Value = Name((ushort)envelope.KeyType, envelope.KeyType) });
            facts.Add(new HeaderFact { Name = "CipherType", Value = Name((ushort)envelope.CipherType, envelope.CipherType) });
            bool isWhole = XmrLicense.TryRead(envelope, out XmrLicense license, out fault);
            if (isWhole) AddRules(facts, license);
            if (envelope.WhyUnsupported() is { } unsupported) fault = unsupported;
            else if (isWhole && license.NotUnderstood.Count > 0) fault = new PlayReadyFault(PlayReadyCode.XmrUnknownObject, $"the licence has {license.NotUnderstood[0]}");
            else if (isWhole) fault = default;
        }

        if (XmrObject.TryRead(bytes, Math.Min(HeadLength, bytes.Length), out XmrObject? outer, out _)) AddObjects(facts, outer!, "");
        return new LicenseDescription { KeyIds = ids, Facts = facts, Refusal = fault.Code == 0 ? null : PlayReadyError.Of(fault) };
    }

    private static void AddRules(List<HeaderFact> facts, XmrLicense license)
    {
        facts.Add(new HeaderFact { Name = "Persistence", Value = license.IsPersistent ? "may be stored" : "in memory only" });
        facts.Add(new HeaderFact { Name = "Play", Value = license.AllowsPlay ? "allowed" : "not allowed" });
        Add("MinimumSecurityLevel", license.SecurityLevel);
        Add("MinimumRevocationInfo", license.RevocationInfo);
        Time("IssueDate", license.IssueDate);
        Time("Begin", license.Begin);
        Time("End", license.End);
        Span("ExpiresAfterFirstPlay", license.AfterFirstPlay);
        Span("GracePeriod", license.Grace);
        if (license.RealTime) facts.Add(new HeaderFact { Name = "RealTimeExpiration", Value = "the end also ends what plays" });
        ProtectionLevels levels = license.Levels;
        if (levels != default)
        {
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"compressed video {levels.CompressedVideo}, uncompressed video {levels.UncompressedVideo}, analogue video {levels.AnalogVideo}, compressed audio {levels.CompressedAudio}, uncompressed audio {levels.UncompressedAudio}");
            facts.Add(new HeaderFact { Name = "OutputProtectionLevels", Value = text });
        }

        foreach (OutputRestriction restriction in license.Restrictions) facts.Add(new HeaderFact { Name = "OutputRestriction", Value = $"{restriction.Id} {Convert.ToHexStringLower(restriction.Data.Span)}".TrimEnd() });

        void Add(string name, long value) => facts.Add(new HeaderFact { Name = name, Value = value.ToString(CultureInfo.InvariantCulture) });

        void Time(string name, DateTimeOffset? time)
        {
            if (time is { } moment) facts.Add(new HeaderFact { Name = name, Value = moment.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) });
        }

        void Span(string name, TimeSpan? span)
        {
            if (span is { } length) facts.Add(new HeaderFact { Name = name, Value = string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds} seconds") });
        }
    }

    private static string Name<T>(ushort value, T name)
        where T : struct, Enum => string.Create(CultureInfo.InvariantCulture, $"{value} ({(Enum.IsDefined(name) ? name.ToString() : "not known")})");

    private static void AddObjects(List<HeaderFact> facts, XmrObject item, string path)
    {
        string name = path + XmrRules.NameOf(item.Type);
        facts.Add(new HeaderFact { Name = name, Value = string.Create(CultureInfo.InvariantCulture, $"{item.Length} bytes at {item.Offset}, flags {item.Flags}, {XmrRules.HandlingOf(item.Type)}") });
        foreach (XmrObject child in item.Children) AddObjects(facts, child, name + "/");
    }
}
