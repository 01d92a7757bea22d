using System.Buffers.Binary;
using Keyway.Licensing;

namespace Keyway.PlayReady.Xmr;

/// <summary>What a licence says, once its integrity is proved.</summary>
internal sealed class XmrLicense
{
    public required XmrEnvelope Envelope { get; init; }

    /// <summary>Whether the licence may be kept. Its rights say when it may not.</summary>
    public bool IsPersistent { get; private set; } = true;

    /// <summary>The least security level of the client.</summary>
    public int SecurityLevel { get; private set; }

    /// <summary>The least sequence number of revocation information.</summary>
    public uint RevocationInfo { get; private set; }

    public bool AllowsPlay { get; private set; }
    public DateTimeOffset? Begin { get; private set; }
    public DateTimeOffset? End { get; private set; }
    public DateTimeOffset? IssueDate { get; private set; }
    public TimeSpan? AfterFirstPlay { get; private set; }

    /// <summary>How long time rules may wait while a secure clock is unset. The host's clock never is, so nothing waits.</summary>
    public TimeSpan? Grace { get; private set; }

    /// <summary>Whether the end is checked during play. The framework does that for every key.</summary>
    public bool RealTime { get; private set; }

    public ProtectionLevels Levels { get; private set; }
    public IReadOnlyList<OutputRestriction> Restrictions => _restrictions;

    /// <summary>Objects and bits that must be understood and are not, by name.</summary>
    public IReadOnlyList<string> NotUnderstood => _notUnderstood;

    /// <summary>Objects that were passed over, by name.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Whether any rule of the licence needs a clock.</summary>
    public bool HasTimeRules => Begin is not null || End is not null || AfterFirstPlay is not null;

    private readonly List<OutputRestriction> _restrictions = [];
    private readonly List<string> _notUnderstood = [];
    private readonly List<string> _skipped = [];

    /// <summary>Reads every object. What is known must be well formed and stand in its place, or the licence could be read more loosely than it was meant.</summary>
    public static bool TryRead(XmrEnvelope envelope, out XmrLicense license, out PlayReadyFault fault)
    {
        license = new XmrLicense { Envelope = envelope };
        HashSet<XmrType> seen = [];
        return license.TryTake(envelope.Outer, parent: null, seen, out fault);
    }

    private bool TryTake(XmrObject item, XmrType? parent, HashSet<XmrType> seen, out PlayReadyFault fault)
    {
        XmrHandling handling = XmrRules.HandlingOf(item.Type);
        string name = XmrRules.NameOf(item.Type);
        if ((item.Flags & ~3) != 0) return Fail($"{name} has flags that are not known", out fault);
        if (handling is XmrHandling.Understood && (item.Flags & 2) != 0) return Fail($"{name} is not a container", out fault);
        if (XmrRules.PlaceOf(item.Type) is XmrType place && place != parent) return Fail($"{name} stands in the wrong place", out fault);
        if (!XmrRules.MayRepeat(item.Type) && !seen.Add(item.Type)) return Fail($"{name} is there twice", out fault);

        switch (handling)
        {
            case XmrHandling.Refused:
                _notUnderstood.Add($"{name}, which is not supported");
                break;
            case XmrHandling.Skipped or XmrHandling.Unknown when item.MustUnderstand:
                _notUnderstood.Add($"{name}, which must be understood");
                break;
            case XmrHandling.Skipped or XmrHandling.Unknown:
                _skipped.Add(name);
                break;
            default:
                if (!TryTakeBody(item)) return Fail($"{name} is malformed", out fault);
                break;
        }

        foreach (XmrObject child in item.Children)
            if (!TryTake(child, item.Type, seen, out fault)) return false;
        fault = default;
        return true;
    }

    private bool TryTakeBody(XmrObject item)
    {
        ReadOnlySpan<byte> body = item.Body.Span;
        switch (item.Type)
        {
            case XmrType.PlaybackPolicyContainer:
                AllowsPlay = true;
                return true;
            case XmrType.Rights when body.Length == 2:
                const int cannotPersist = 1;
                int bits = BinaryPrimitives.ReadUInt16BigEndian(body);
                IsPersistent = (bits & cannotPersist) == 0;
                if ((bits & ~cannotPersist) != 0) _notUnderstood.Add($"rights bits 0x{bits & ~cannotPersist:X4}, whose meaning is not public");
                return true;
            case XmrType.SecurityLevel when body.Length == 2:
                SecurityLevel = BinaryPrimitives.ReadUInt16BigEndian(body);
                return true;
            case XmrType.RevocationInfoVersion when body.Length == 4:
                RevocationInfo = BinaryPrimitives.ReadUInt32BigEndian(body);
                return true;
            case XmrType.Expiration when body.Length == 8:
                uint begin = BinaryPrimitives.ReadUInt32BigEndian(body);
                uint end = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
                Begin = begin == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(begin);
                End = end == uint.MaxValue ? null : DateTimeOffset.FromUnixTimeSeconds(end);
                return true;
            case XmrType.IssueDate when body.Length == 4:
                IssueDate = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(body));
                return true;
            case XmrType.ExpireAfterFirstPlay when body.Length == 4:
                AfterFirstPlay = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(body));
                return true;
            case XmrType.GracePeriod when body.Length == 4:
                Grace = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32BigEndian(body));
                return true;
            case XmrType.RealTimeExpiration:
                RealTime = true;
                return true;
            case XmrType.OutputProtectionLevels when body.Length == 10:
                Levels = new ProtectionLevels
                {
                    CompressedVideo = BinaryPrimitives.ReadUInt16BigEndian(body),
                    UncompressedVideo = BinaryPrimitives.ReadUInt16BigEndian(body[2..]),
                    AnalogVideo = BinaryPrimitives.ReadUInt16BigEndian(body[4..]),
                    CompressedAudio = BinaryPrimitives.ReadUInt16BigEndian(body[6..]),
                    UncompressedAudio = BinaryPrimitives.ReadUInt16BigEndian(body[8..]),
                };
                return true;
            case XmrType.AnalogVideoRestriction or XmrType.DigitalAudioRestriction or XmrType.DigitalVideoRestriction when body.Length >= 16:
                _restrictions.Add(new OutputRestriction { Id = ExplicitRestrictions.Identify(body[..16]), Data = item.Body[16..] });
                return true;
            case XmrType.Rights or XmrType.SecurityLevel or XmrType.RevocationInfoVersion or XmrType.Expiration or XmrType.IssueDate
                or XmrType.ExpireAfterFirstPlay or XmrType.GracePeriod or XmrType.OutputProtectionLevels or XmrType.AnalogVideoRestriction
                or XmrType.DigitalAudioRestriction or XmrType.DigitalVideoRestriction:
                return false;
            default:
                return true;   // containers, the key material (read before), and what only informs
        }
    }

    private static bool Fail(string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(PlayReadyCode.LicenseInvalid, $"licence: {reason}");
        return false;
    }
}
