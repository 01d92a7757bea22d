using System.Diagnostics;

namespace Keyway.Diagnostics;

/// <summary>Begins and ends spans. Without a listener every one of them is <see langword="null"/> and costs nothing.</summary>
internal static class Spans
{
    private static readonly ActivitySource Source = new(KeywayTelemetry.ActivitySource, typeof(Spans).Assembly.GetName().Version?.ToString(3));

    /// <summary>From the call of <c>OpenAsync</c> until the presentation is there. The current span until it is disposed.</summary>
    public static Activity? Open(Uri source) => Source.StartActivity("keyway.open")?.SetTag(Tags.Content, source.Scheme);

    /// <summary>From the opening of a session until its keys may be used or it has failed. Never the current span: it outlives the call that begins it.</summary>
    public static Activity? Session(ActivityContext parent, SessionId id, string keySystem, string provider) =>
        Aside("keyway.session", ActivityKind.Internal, parent)?.SetTag(Tags.Session, id.ToString()).SetTag(Tags.KeySystem, keySystem).SetTag(Tags.Provider, provider);

    /// <summary>One exchange, with all its attempts. The current span until it is disposed, so that those of HTTP are its children.</summary>
    public static Activity? Exchange(ActivityContext parent, SessionId id, string keySystem, string provider) =>
        Source.StartActivity("keyway.exchange", ActivityKind.Client, parent)?.SetTag(Tags.Session, id.ToString()).SetTag(Tags.KeySystem, keySystem).SetTag(Tags.Provider, provider);

    /// <summary>From the call of <c>OpenAsync</c> until the first fragment is clear. Emitted when it is over.</summary>
    public static void FirstDecrypt(ActivityContext parent, DateTimeOffset begun, DateTimeOffset now, PresentationId presentation, int track)
    {
        if (!Source.HasListeners()) return;
        Activity? before = Activity.Current;
        using Activity? span = Source.StartActivity("keyway.first_decrypt", ActivityKind.Internal, parent, startTime: begun);
        span?.SetTag(Tags.Presentation, presentation.ToString()).SetTag(Tags.Track, track).SetEndTime(now.UtcDateTime);
        Activity.Current = before;
    }

    /// <summary>Notes what a span ended with.</summary>
    public static void Fail(this Activity? span, Exception failure) => span?.SetStatus(ActivityStatusCode.Error).SetTag(Tags.Error, Tags.Of(failure));

    private static Activity? Aside(string name, ActivityKind kind, ActivityContext parent)
    {
        Activity? before = Activity.Current;
        Activity? span = Source.StartActivity(name, kind, parent);
        Activity.Current = before;
        return span;
    }
}
