namespace Keyway.Sandbox.Live;

/// <summary>One way of presenting the channel: where its keys are announced, and how its segments are addressed, audio like video.</summary>
internal sealed record LiveVariant
{
    private static readonly LiveVariant[] All =
    [
        new() { Path = "browser/moof/", IsForBrowsers = true, InMoof = true, HasTimeline = true },
        new() { Path = "browser/", IsForBrowsers = true, InManifest = true, HasPeriods = true },
        new() { Path = "moof/", InMoof = true, HasTimeline = true },
        new() { Path = "mpd/", InManifest = true, HasTimeline = true },
        new() { Path = "periods/", InManifest = true, HasPeriods = true },
        new() { Path = "window/", InManifest = true, HasTimeline = true, HasOneHeader = true },
        new() { InManifest = true, InMoof = true, HasPeriods = true },
    ];

    /// <summary>What its addresses begin with below <c>/live/</c>.</summary>
    public string Path { get; private init; } = "";

    /// <summary>Whether the manifest has the headers of the keys.</summary>
    public bool InManifest { get; private init; }

    /// <summary>Whether the manifest has one header of each system, which lists all keys; else one for each key.</summary>
    public bool HasOneHeader { get; private init; }

    /// <summary>Whether every <c>moof</c> has the headers of its key.</summary>
    public bool InMoof { get; private init; }

    /// <summary>Whether each key has a <c>Period</c> of its own, of which it is the default key; else all keys share one.</summary>
    public bool HasPeriods { get; private init; }

    /// <summary>Whether segments are addressed by their times, which a timeline lists; else by number, from a duration.</summary>
    public bool HasTimeline { get; private init; }

    /// <summary>Whether players in web pages find the licence service in it, and every address that a page needs in full.</summary>
    public bool IsForBrowsers { get; private init; }

    /// <summary>Finds the variant that an address belongs to.</summary>
    /// <param name="path">What follows <c>/live/</c>.</param>
    /// <returns>It.</returns>
    public static LiveVariant Of(string path) => All.First(each => path.StartsWith(each.Path, StringComparison.Ordinal));
}
