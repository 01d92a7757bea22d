using System.Globalization;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.PlayReady.Xmr;

/// <summary>What the client brings to a licence's rules.</summary>
internal sealed record XmrClient
{
    public required int SecurityLevel { get; init; }
    public required uint RevocationInfo { get; init; }
    public required bool HasClock { get; init; }
    public required bool ClearExport { get; init; }
    public required DateTimeOffset Now { get; init; }

    /// <summary>Whether the end is judged here. For a stored licence the framework does it: it knows when the key was used first, and may ask anew.</summary>
    public bool JudgesTime { get; init; } = true;
}

/// <summary>The rules of a licence, in the order in which they are checked before a key is handed over.</summary>
internal static class XmrEnforcement
{
    // No PlayReady licence is older than PlayReady: a clock before this was never set.
    private static readonly DateTimeOffset FirstDay = new(2007, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Checks everything that does not depend on outputs, which are the framework's.</summary>
    /// <param name="license">The licence. Its integrity and its binding to the device are proved.</param>
    /// <param name="client">What the client brings.</param>
    /// <param name="wanted">The scheme that the content needs the key for; <see cref="ProtectionScheme.None"/>: not known.</param>
    /// <param name="contentKey">The key.</param>
    /// <param name="header">What a header says of the key; <see langword="null"/>: nothing.</param>
    /// <param name="fault">Why the key may not be used.</param>
    public static bool Allows(XmrLicense license, XmrClient client, ProtectionScheme wanted, ReadOnlySpan<byte> contentKey, HeaderKey? header, out PlayReadyFault fault)
    {
        XmrEnvelope envelope = license.Envelope;
        if (client.SecurityLevel < license.SecurityLevel)
            return Fail(PlayReadyCode.SecurityLevelTooLow, $"the licence asks for security level {license.SecurityLevel}, the device has {client.SecurityLevel}", out fault);
        if (client.RevocationInfo < license.RevocationInfo)
            return Fail(PlayReadyCode.RevocationNeeded, $"the licence asks for revocation information {license.RevocationInfo}, the client has {client.RevocationInfo}", out fault);
        if (!license.AllowsPlay) return Fail(PlayReadyCode.RightMissing, "the licence does not allow play", out fault);
        if (license.NotUnderstood.Count > 0) return Fail(PlayReadyCode.XmrUnknownObject, $"the licence has {license.NotUnderstood[0]}", out fault);
        if (license.HasTimeRules)
        {
            if (!client.HasClock) return Fail(PlayReadyCode.NoClock, "the licence has rules of time, and the device's certificate names no clock", out fault);
            if (client.Now < FirstDay) return Fail(PlayReadyCode.ClockNotSet, "the licence has rules of time, and the clock is not set", out fault);
        }

        if (client.JudgesTime && license.Begin is { } begin && client.Now < begin) return Fail(PlayReadyCode.LicenseNotYetValid, $"the licence is valid from {Text(begin)} on", out fault);
        if (client.JudgesTime && license.End is { } end && client.Now >= end) return Fail(PlayReadyCode.LicenseExpired, $"the licence was valid until {Text(end)}", out fault);
        if (!Fits(envelope.KeyType, wanted))
            return Fail(new PlayReadyFault(PlayReadyCode.KeyIdMismatch, LicenseErrorKind.ContentMismatch, $"the licence's key is of type {envelope.KeyType}, which does not fit {Name(wanted)}"), out fault);
        // A 4.3 header may leave the algorithm to the licence; a checksum is one of AESCTR either way.
        bool hasChecksum = header?.Algorithm switch { HeaderAlgorithm.AesCtr => true, HeaderAlgorithm.None => envelope.KeyType == XmrKeyType.AesCtr, _ => false };
        if (hasChecksum && header is { Checksum.IsEmpty: false } known && !KeyChecksum.Fits(known.Checksum.Span, contentKey, envelope.KeyId))
            return Fail(PlayReadyCode.ChecksumMismatch, $"the key of {envelope.KeyId} does not fit the header's checksum", out fault);
        fault = default;
        return true;
    }

    /// <summary>What the framework enforces from then on.</summary>
    public static KeyPolicy PolicyOf(XmrLicense license, XmrClient client) => new()
    {
        NotBefore = license.Begin,
        NotAfter = license.End,
        AfterFirstUse = license.AfterFirstPlay,
        MayPersist = license.IsPersistent,
        Output = new OutputRequirement
        {
            ClearExport = client.ClearExport,
            Levels = license.Levels,
            Restrictions = license.Restrictions,
        },
    };

    private static bool Fits(XmrKeyType type, ProtectionScheme wanted) => type switch
    {
        XmrKeyType.AesCtr => wanted is ProtectionScheme.None or ProtectionScheme.Cenc or ProtectionScheme.Cens,
        XmrKeyType.AesCbc => wanted is ProtectionScheme.None or ProtectionScheme.Cbc1 or ProtectionScheme.Cbcs,
        _ => false,
    };

    private static string Name(ProtectionScheme scheme) => scheme == ProtectionScheme.None ? "any scheme" : scheme.ToString();

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    private static bool Fail(uint code, string reason, out PlayReadyFault fault) => Fail(new PlayReadyFault(code, reason), out fault);

    private static bool Fail(in PlayReadyFault why, out PlayReadyFault fault)
    {
        fault = why;
        return false;
    }
}
