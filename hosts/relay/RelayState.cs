using Keyway.Content;
using Keyway.Relay.Serving;
using Keyway.Relay.Story;

namespace Keyway.Relay;

/// <summary>What one run of the relay serves: one presentation, which may be opened anew.</summary>
/// <remarks>Threads: any. Ownership: the run's.</remarks>
internal sealed class RelayState : IAsyncDisposable
{
    private readonly IKeyway _keyway;
    private readonly Uri _source;
    private readonly PresentationOptions _options;
    private readonly SemaphoreSlim _opening = new(1);
    private readonly CancellationTokenSource _end = new();
    private ServedPresentation? _served;
    private ContentFacts? _facts;
    private Refusal? _failure;
    private string? _lastFailure;

    public RelayState(IKeyway keyway, Uri source, PresentationOptions options, StoryLog story) => (_keyway, _source, _options, Story) = (keyway, source, options, story);

    public StoryLog Story { get; }

    /// <summary>The host, for what may be known of its sessions.</summary>
    public IKeyway Keyway => _keyway;

    /// <summary>What is served; <see langword="null"/>: nothing yet, or it could not be opened.</summary>
    public ServedPresentation? Served => Volatile.Read(ref _served);

    /// <summary>What is known of the content; <see langword="null"/>: nothing yet.</summary>
    public ContentFacts? Facts => Served?.Facts ?? Volatile.Read(ref _facts);

    /// <summary>Why nothing is served; <see langword="null"/>: something is, or will be.</summary>
    public Refusal? Failure => Volatile.Read(ref _failure) ?? Served?.Nothing;

    /// <summary>Switches faults of the sample's licence service; <see langword="null"/>: there are none to be switched.</summary>
    public Faults.FaultSwitch? Faults { get; init; }

    /// <summary>Whether a failure is another than the one before it.</summary>
    public bool IsNews(string failure) => Interlocked.Exchange(ref _lastFailure, failure) != failure;

    /// <summary>The presentation, when it may be asked for manifests: it is open, and it is known what of it is refused.</summary>
    /// <exception cref="NotServedException">It is not, or nothing of it is served.</exception>
    public async Task<ServedPresentation> AdmittedAsync(CancellationToken cancellationToken)
    {
        ServedPresentation served = Open();
        try
        {
            await served.Admitted.WaitAsync(RelayLimits.ManifestWait, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What is not known by now is served, and whoever asks for it learns why not.
        }

        return served.Nothing is { } refusal ? throw NotServedException.Refused(refusal) : served;
    }

    /// <summary>The presentation as it is.</summary>
    /// <exception cref="NotServedException">It is not open.</exception>
    public ServedPresentation Open() => Served ?? throw (Volatile.Read(ref _failure) is { } failure ? NotServedException.Refused(failure) : NotServedException.Opening());

    /// <summary>Opens it; where it is open, anew, with other sessions and other licences.</summary>
    /// <exception cref="KeywayException">Nothing can be known of the content.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, cancellationToken);
        await _opening.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            // What is known of the content stays known while it is opened anew.
            if (Facts is { } known) Volatile.Write(ref _facts, known);
            ServedPresentation? before = Interlocked.Exchange(ref _served, null);
            Volatile.Write(ref _failure, null);
            if (before is not null) await before.DisposeAsync().ConfigureAwait(false);
            try
            {
                ServedPresentation opened = await ServedPresentation.OpenAsync(_keyway, _source, _options, Story, either.Token).ConfigureAwait(false);
                StoryFacts.Tell(Story, opened.Facts, opened.Presentation.Provider);
                Volatile.Write(ref _served, opened);
            }
            catch (Exception exception) when (exception is KeywayException or ArgumentException)
            {
                // What protects it is worth a page, also where nothing opens it. What cannot be read at all is the command's to say.
                Volatile.Write(ref _facts, await _keyway.InspectAsync(_source, _options, either.Token).ConfigureAwait(false));
                StoryFacts.Tell(Story, _facts!, provider: null);
                Refusal refusal = Refusal.Of(exception);
                Story.Add("error", refusal.Text, json =>
                {
                    json.WriteString("reason", refusal.Reason);
                    if (refusal.Page is { } page) json.WriteString("page", page);
                    if (refusal.Advice is { } advice) json.WriteString("advice", advice);
                    if (refusal.Code is { } code) json.WriteString("code", code);
                }, StoryLevel.Error);
                Volatile.Write(ref _failure, refusal);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _served, null) is { } served) await served.DisposeAsync().ConfigureAwait(false);
    }
}
