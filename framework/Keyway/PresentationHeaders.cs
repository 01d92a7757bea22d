using Keyway.Licensing;
using Keyway.Protection;
using Keyway.Sessions;

namespace Keyway;

/// <summary>
/// The protection headers of one presentation, as its key system reads them. Content shows the same ones again and again, in every manifest and every
/// fragment: each is read once, and travels as what was read. One that the key system cannot read is left out: the keys may come without it.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class PresentationHeaders(IKeySystem system)
{
    private readonly Lock _gate = new();
    private readonly RecentSet<Known> _known = new(LicenseLimits.AnnouncedKeys);

    /// <summary>Those of the key system that a map has.</summary>
    public List<ProtectionHeader> Of(ProtectionMap map)
    {
        // Whoever goes through more than is kept, in the same order each time, would find none of it.
        lock (_gate) _known.Capacity = LicenseLimits.AnnouncedKeys + map.Headers.Count;
        return Read(map.Headers.Where(entry => system.Descriptor.Systems.Contains(entry.System)).Select(static entry => entry.ToInitializationData()));
    }

    /// <summary>Those of the key system among boxes.</summary>
    public List<ProtectionHeader> Of(IReadOnlyList<PsshBox> boxes) =>
        Read(boxes.Where(box => system.Descriptor.Systems.Contains(box.System)).Select(static box => box.ToInitializationData()));

    private List<ProtectionHeader> Read(IEnumerable<InitializationData> all)
    {
        List<ProtectionHeader> headers = [];
        foreach (InitializationData data in all)
            if (Read(data) is { } header) headers.Add(header);
        return headers;
    }

    private ProtectionHeader? Read(InitializationData data)
    {
        Known wanted = new(data, null);
        lock (_gate)
        {
            if (_known.TryFind(wanted, out Known? known))
            {
                _known.Add(known);
                return known.Header;
            }
        }

        ProtectionHeader? header = null;
        try
        {
            header = system.Read(data);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Read as often as it comes, it would fail as often.
        }

        lock (_gate) _known.Add(new Known(data, header));
        return header;
    }

    /// <summary>What was read, known by what it was read from.</summary>
    private sealed class Known(InitializationData data, ProtectionHeader? header) : IEquatable<Known>
    {
        public ProtectionHeader? Header => header;

        private InitializationData Data => data;

        public bool Equals(Known? other) => other is not null && data.Kind == other.Data.Kind && data.System == other.Data.System
            && data.Payload.Span.SequenceEqual(other.Data.Payload.Span) && data.Box.Span.SequenceEqual(other.Data.Box.Span) && data.BoxKeyIds.SequenceEqual(other.Data.BoxKeyIds);

        public override bool Equals(object? obj) => Equals(obj as Known);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(data.System);
            hash.AddBytes(data.Payload.Span);
            foreach (KeyId id in data.BoxKeyIds) hash.Add(id);
            return hash.ToHashCode();
        }
    }
}
