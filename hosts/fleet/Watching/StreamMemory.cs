using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Grains;
using Keyway.Protection;

namespace Keyway.Fleet.Watching;

/// <summary>
/// What is kept of a stream from one look to the next: a few kilobytes, and no manifest. Threads: the grain's.
/// </summary>
internal sealed class StreamMemory
{
    private readonly Queue<StoryEntry> _story = new();

    public ManifestView Manifest { get; set; }

    public SegmentView Segment { get; set; }

    public ProtectionView Protection { get; set; }

    public List<KeySetMemory> Keys { get; } = [];

    /// <summary>The newest segment of each rendition, by its name: number, and when it begins.</summary>
    public Dictionary<string, (ulong Number, TimeSpan Start)> Newest { get; } = new(StringComparer.Ordinal);

    public DateTimeOffset? PublishTime { get; set; }

    /// <summary>The digest of what the manifest says of protection.</summary>
    public string? Digest { get; set; }

    /// <summary>Its schemes and systems: what does not rotate.</summary>
    public string? Systems { get; set; }

    /// <summary>The keys that headers name, for manifests whose renditions name none.</summary>
    public ProtectionMap? LastProtection { get; set; }

    /// <summary>What the headers say that stand in the manifest, for people.</summary>
    public IReadOnlyList<string> Headers { get; set; } = [];

    /// <summary>What it offers, for people.</summary>
    public string Offer { get; set; } = "";

    public string Kind { get; set; } = "";

    public string? KeySystem { get; set; }

    /// <summary>Which rendition is next.</summary>
    public int SegmentTurn { get; set; }

    public int GapTurn { get; set; }

    /// <summary>A segment that was not there, and is asked for again.</summary>
    public (Uri Address, DateTimeOffset Since)? Missing { get; set; }

    public DateTimeOffset? ClockAskedAt { get; set; }

    /// <summary>How long the manifest took the last time.</summary>
    public TimeSpan? ManifestTook { get; set; }

    public IReadOnlyCollection<StoryEntry> Story => _story;

    /// <summary>Adds to the story; what repeats is told once.</summary>
    public void Tell(DateTimeOffset at, string about, string text)
    {
        text = Words.Kept(text);
        if (_story.Count > 0 && _story.Last() is { } last && last.About == about && last.Text == text) return;
        if (_story.Count == FleetLimits.Story) _story.Dequeue();
        _story.Enqueue(new StoryEntry { At = at, About = about, Text = text });
    }
}
