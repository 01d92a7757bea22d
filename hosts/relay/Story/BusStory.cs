using System.Globalization;
using Keyway.Decryption;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Relay.Endpoints;
using Keyway.Relay.Serving;
using Keyway.Sessions;

namespace Keyway.Relay.Story;

/// <summary>Tells the facts of the bus: each is one item.</summary>
/// <remarks>Each kind of fact comes on a thread of its own; the log orders them as they come.</remarks>
internal sealed class BusStory : IDisposable
{
    private readonly StoryLog _story;
    private readonly IKeyway _keyway;
    private readonly IDisposable[] _subscriptions;
    private int _isClear;

    /// <param name="story">Where to.</param>
    /// <param name="keyway">The host.</param>
    public BusStory(StoryLog story, IKeyway keyway)
    {
        (_story, _keyway) = (story, keyway);
        IEventSource events = keyway.Events;
        // One queue for all would keep their order; the bus has one a kind, and facts of one exchange are far enough apart.
        _subscriptions =
        [
            events.Subscriber<ContentRead>().Subscribe(OnRead),
            events.Subscriber<ProtectionHeaderFound>().Subscribe(OnHeader),
            events.Subscriber<SessionStateChanged>().Subscribe(OnState),
            events.Subscriber<LicenseNeeded>().Subscribe(OnNeeded),
            events.Subscriber<ChallengeReady>().Subscribe(OnChallenge),
            events.Subscriber<ExchangeSent>().Subscribe(OnSent),
            events.Subscriber<LicenseReceived>().Subscribe(OnLicense),
            events.Subscriber<KeysChanged>().Subscribe(OnKeys),
            events.Subscriber<SessionFailed>().Subscribe(OnFailed),
            events.Subscriber<KeyRefused>().Subscribe(OnRefused),
            events.Subscriber<FragmentDecrypted>().Subscribe(OnDecrypted),
        ];
    }

    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
    }

    private void OnRead(ContentRead fact) => _story.Add(
        "manifest",
        string.Create(CultureInfo.InvariantCulture, $"{fact.Kind} read: {fact.Tracks} tracks, {fact.Headers} protection headers, {fact.Conflicts} conflicts"),
        json =>
        {
            json.WriteString("kind", FactsEndpoints.Word(fact.Kind));
            json.WriteNumber("tracks", fact.Tracks);
            json.WriteNumber("headers", fact.Headers);
            json.WriteNumber("conflicts", fact.Conflicts);
            json.WriteMilliseconds("tookMs", fact.Took);
        });

    private void OnHeader(ProtectionHeaderFound fact) => _story.Add(
        "header",
        string.Create(CultureInfo.InvariantCulture, $"{SystemIds.NameOf(fact.System)} header in {fact.Place}: {fact.Keys} keys"),
        json =>
        {
            json.WriteString("system", SystemIds.NameOf(fact.System));
            json.WriteString("systemId", fact.System.ToString());
            json.WriteTexts("places", [fact.Place]);
            json.WriteNumber("keys", fact.Keys);
            json.WriteNumber("size", fact.Length);
        });

    private void OnState(SessionStateChanged fact) => _story.Add(
        "session",
        $"session {fact.Session}: {FactsEndpoints.Word(fact.From.ToString())} → {FactsEndpoints.Word(fact.To.ToString())}",
        json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteString("from", FactsEndpoints.Word(fact.From.ToString()));
            json.WriteString("to", FactsEndpoints.Word(fact.To.ToString()));
        },
        fact.To is SessionState.Failed or SessionState.Expired ? StoryLevel.Warn : StoryLevel.Info);

    private void OnNeeded(LicenseNeeded fact) => _story.Add(
        "needed",
        $"{FactsEndpoints.Word(fact.Kind.ToString())} needed",
        json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteNumber("exchange", fact.Exchange);
            json.WriteString("request", FactsEndpoints.Word(fact.Kind.ToString()));
        });

    private void OnChallenge(ChallengeReady fact) => _story.Add(
        "challenge",
        string.Create(CultureInfo.InvariantCulture, $"challenge of {fact.Length:N0} bytes"),
        json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteNumber("exchange", fact.Exchange);
            json.WriteString("request", FactsEndpoints.Word(fact.Kind.ToString()));
            json.WriteNumber("bytes", fact.Length);
        });

    private void OnSent(ExchangeSent fact) => _story.Add(
        "sent",
        fact.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $"POST to {fact.Host}, attempt {fact.Attempt}") : $"POST to {fact.Host}",
        json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteNumber("exchange", fact.Exchange);
            json.WriteString("host", fact.Host);
            json.WriteNumber("attempt", fact.Attempt);
        },
        fact.Attempt > 1 ? StoryLevel.Warn : StoryLevel.Info);

    private void OnLicense(LicenseReceived fact) => _story.Add(
        "licence",
        string.Create(CultureInfo.InvariantCulture, $"licence of {fact.Length:N0} bytes after {fact.RoundTrip.TotalMilliseconds:0} ms"),
        json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteNumber("exchange", fact.Exchange);
            json.WriteNumber("bytes", fact.Length);
            json.WriteMilliseconds("tookMs", fact.RoundTrip);
        });

    private void OnKeys(KeysChanged fact)
    {
        SessionReport? session = _keyway.Sessions.FirstOrDefault(each => each.Id == fact.Session);
        _story.Add(
            "keys",
            string.Create(CultureInfo.InvariantCulture, $"{fact.Usable} of {fact.Keys} keys usable"),
            json =>
            {
                json.WriteString("session", fact.Session.ToString());
                json.WriteNumber("keys", fact.Keys);
                json.WriteNumber("usable", fact.Usable);
                json.WriteStartArray("list");
                foreach (KeyEntry key in session?.Keys ?? [])
                {
                    json.WriteStartObject();
                    json.WriteString("id", key.Id.ToString());
                    json.WriteString("status", FactsEndpoints.Word(key.Status.ToString()));
                    if (key.Policy.NotAfter is { } end) json.WriteMoment("expiresAt", end);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            },
            fact.Usable < fact.Keys ? StoryLevel.Warn : StoryLevel.Info);
    }

    private void OnFailed(SessionFailed fact)
    {
        SessionReport? session = _keyway.Sessions.FirstOrDefault(each => each.Id == fact.Session);
        Refusal? refusal = session?.Error is { } error ? Refusal.Of(error) : null;
        string reason = Cli.Failure.Words(fact.Kind);
        _story.Add("failed", refusal?.Text ?? $"the exchange failed: {reason}", json =>
        {
            json.WriteString("session", fact.Session.ToString());
            json.WriteString("reason", reason);
            json.WriteBoolean("terminal", fact.Terminal);
            json.WriteString("page", refusal?.Page ?? $"docs/errors/{reason}.md");
            if (refusal?.Advice is { } advice) json.WriteString("advice", advice);
            if (refusal?.Code is { } code) json.WriteString("code", code);
        }, fact.Terminal ? StoryLevel.Error : StoryLevel.Warn);
    }

    private void OnRefused(KeyRefused fact) => _story.Add(
        "keyRefused",
        $"key {fact.Key} will not be there: {FactsEndpoints.Word(fact.Reason)}",
        json =>
        {
            json.WriteKeys("keys", [fact.Key]);
            json.WriteString("status", FactsEndpoints.Word(fact.Status.ToString()));
            json.WriteString("reason", FactsEndpoints.Word(fact.Reason));
        },
        StoryLevel.Warn);

    private void OnDecrypted(FragmentDecrypted fact)
    {
        if (Interlocked.Exchange(ref _isClear, 1) != 0) return;
        _story.Add("firstClear", string.Create(CultureInfo.InvariantCulture, $"first clear samples after {_story.Elapsed.TotalMilliseconds:0} ms"), json =>
        {
            json.WriteNumber("track", fact.Track);
            json.WriteMilliseconds("tookMs", _story.Elapsed);
        });
    }
}
