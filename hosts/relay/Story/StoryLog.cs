using System.Text.Json;
using Keyway.Licensing.Secrets;
using Keyway.Relay.Endpoints;

namespace Keyway.Relay.Story;

/// <summary>What has happened, of which the newest is kept. Pages read it from where they left off.</summary>
/// <remarks>Threads: any.</remarks>
/// <param name="clock">The time.</param>
internal sealed class StoryLog(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Queue<StoryItem> _items = new();
    private readonly long _begun = clock.GetTimestamp();
    private TaskCompletionSource _more = New();
    private long _last;
    private bool _isOver;

    /// <summary>The time.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>How long ago it began.</summary>
    public TimeSpan Elapsed => clock.GetElapsedTime(_begun);

    /// <summary>Adds something.</summary>
    /// <param name="kind">What, in a word.</param>
    /// <param name="text">What, for people. Whatever in it came from outside is masked and cut.</param>
    /// <param name="data">Writes the members of the rest.</param>
    /// <param name="level">How much it matters.</param>
    public void Add(string kind, string text, Action<Utf8JsonWriter>? data = null, StoryLevel level = StoryLevel.Info)
    {
        string shown = Shown(text);
        string rest = data is null ? "{}" : JsonText.Write(json =>
        {
            json.WriteStartObject();
            data(json);
            json.WriteEndObject();
        });
        TaskCompletionSource more;
        lock (_gate)
        {
            if (_isOver) return;
            _items.Enqueue(new StoryItem(++_last, clock.GetUtcNow(), Elapsed, kind, level, shown, rest));
            if (_items.Count > RelayLimits.StoryItems) _items.Dequeue();
            (more, _more) = (_more, New());
        }

        more.TrySetResult();
    }

    /// <summary>Says that nothing follows.</summary>
    public void End()
    {
        Add("end", "the relay ends");
        TaskCompletionSource more;
        lock (_gate) (_isOver, more) = (true, _more);
        more.TrySetResult();
    }

    /// <summary>What came after an item, as far as it is kept.</summary>
    /// <param name="after">The last that is known; 0: none is.</param>
    /// <param name="lost">How many of those after it are kept no more.</param>
    /// <param name="more">Ends when there is more.</param>
    /// <param name="isOver">Whether there never will be.</param>
    public IReadOnlyList<StoryItem> After(long after, out long lost, out Task more, out bool isOver)
    {
        lock (_gate)
        {
            // A page that was open when another run had this port knows numbers of that.
            if (after > _last || after < 0) after = 0;
            long first = _items.Count > 0 ? _items.Peek().Id : _last + 1;
            lost = Math.Max(0, first - 1 - after);
            (more, isOver) = (_more.Task, _isOver);
            return after >= _last ? [] : [.. _items.SkipWhile(item => item.Id <= after)];
        }
    }

    /// <summary>A text as it may be shown: on one line, without what looks like a secret, and not long.</summary>
    public static string Shown(string text)
    {
        string masked = Cli.Shown.Text(Redactor.WithoutUserInfo(text));
        return masked.Length <= RelayLimits.StoryText ? masked : masked[..RelayLimits.StoryText] + "…";
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
