namespace Keyway.Relay.Story;

/// <summary>How much an item of the story matters.</summary>
internal enum StoryLevel
{
    /// <summary>What is meant to happen.</summary>
    Info = 0,

    /// <summary>Something is not as it should be, and goes on.</summary>
    Warn,

    /// <summary>Something does not go on.</summary>
    Error,
}

/// <summary>Something that has happened: identifiers, sizes, hosts and times, never bytes.</summary>
/// <param name="Id">Its number; they count up from 1.</param>
/// <param name="At">When.</param>
/// <param name="Since">How long after the beginning.</param>
/// <param name="Kind">What, in a word.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">What, for people.</param>
/// <param name="Data">The rest, as a JSON object.</param>
internal sealed record StoryItem(long Id, DateTimeOffset At, TimeSpan Since, string Kind, StoryLevel Level, string Text, string Data);
