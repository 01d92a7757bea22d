using System.Collections.Frozen;
using System.Diagnostics;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Recording;
using Keyway.Licensing.Secrets;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>Runs the provider's pipeline for sessions that need a licence, beside their mailboxes, and leaves the result there.</summary>
internal sealed class LicenseExchanger(SessionFacts facts, TimeProvider clock, EngineMeter? meter, ILicenseCoordinator coordinator, Func<SessionId, LicenseSessionActor?> find, LicenseRecorder? recorder = null)
{
    private readonly QuietTimes _quiet = new(clock);

    /// <summary>Handles that a licence is needed. Begins the exchange and returns.</summary>
    public void OnLicenseNeeded(LicenseNeeded needed)
    {
        if (find(needed.Session) is not { } session || session.Order(needed.Exchange) is not { } order) return;
        _ = Task.Run(() => RunAsync(session, order));
    }

    private async Task RunAsync(LicenseSessionActor session, ExchangeOrder order)
    {
        ExchangeRun? run = null;
        LicenseExchange? exchange = null;
        ExchangeResult result;
        long answered = -1;
        long begun = clock.GetTimestamp();
        string provider = session.Options.Service.Name;
        using Activity? span = Spans.Exchange(session.Trace, session.Id, session.Descriptor.Name, provider);
        try
        {
            LicenseService service = session.Options.Service;
            LicenseTarget target = LicenseTarget.Resolve(session.Options.LicenseUrl, service, session.Descriptor, session.Hints, session.Options.ContentHost);
            if (service.Chooser is null) session.Sending(target.Url);
            span?.SetTag(Tags.Server, target.Url.IdnHost);
            exchange = Make(session, order, target);
            run = ExchangeRun.Begin(
                exchange, new ExchangeSource(session, order.Number), target.Rule,
                (kind, length) =>
                {
                    order.Budget.IsAsked = true;
                    facts.ChallengeReady(session.Id, order.Number, kind, length);
                },
                service.Chooser is null ? null : new LicenseUrlCandidates(session.Options.LicenseUrl, session.Hints), session.Sending, service.Pipeline.Redactor, order.Budget);
            run.Sent = (url, attempt) => facts.ExchangeSent(session.Id, order.Number, url.IsFile ? "" : url.Authority, attempt);
            if (_quiet.Find(session.Options) is { } quiet) throw quiet;
            ILicenseTurn turn = await coordinator.EnterAsync(TurnOf(session, order), order.Token).ConfigureAwait(false);
            await using (turn.ConfigureAwait(false))
            {
                begun = clock.GetTimestamp();
                try
                {
                    await service.Pipeline.RunAsync(exchange, order.Token).ConfigureAwait(false);
                }
                catch (LicenseServiceException failure)
                {
                    turn.Ended(run.Clean(failure));
                    throw;
                }

                turn.Ended(null);
            }

            result = new ExchangeResult(order.Number, exchange, run, failure: null) { RoundTrip = clock.GetElapsedTime(begun) };
            answered = exchange.Answer?.Body.Length ?? 0;
            order.Budget.IsAnswered = true;
        }
        catch (LicenseServiceException failure)
        {
            LicenseServiceException clean = run?.Clean(failure) ?? failure;
            _quiet.Note(session.Options, clean);
            result = new ExchangeResult(order.Number, exchange: null, run, clean);
        }
        catch (OperationCanceledException) when (order.Token.IsCancellationRequested)
        {
            // Nobody waits for it any more.
            span?.SetTag(Tags.Error, "Canceled");
            run?.Dispose();
            return;
        }
        catch (Exception exception)
        {
            LicenseServiceException failure = exception is KeywayException known
                ? new LicenseServiceException(LicenseErrorKind.CredentialInvalid, known.Message, known)
                : new LicenseServiceException(LicenseErrorKind.InternalFault, $"a step of '{session.Options.Service.Name}' failed: {PluginText.Of(exception)}", exception);
            result = new ExchangeResult(order.Number, exchange: null, run, run?.Clean(failure) ?? failure);
        }

        Tell(span, session, exchange?.Kind ?? order.Kind, exchange, clock.GetElapsedTime(begun), result.Failure);
        if (result.Failure is { } refused) recorder?.Fail(exchange, refused);
        session.Deposit(result);
        if (answered >= 0) facts.LicenseReceived(session.Id, order.Number, answered, result.RoundTrip);
        else session.Collect(order.Number);
    }

    /// <summary>Measures the result of an exchange.</summary>
    private void Tell(Activity? span, LicenseSessionActor session, ChallengeKind kind, LicenseExchange? exchange, TimeSpan took, LicenseServiceException? failure)
    {
        int retries = exchange?.Attempt ?? 0;
        meter?.Exchanged(took, retries, session.Descriptor.Name, session.Options.Service.Name, kind, failure?.Kind);
        span?.SetTag(Tags.Kind, kind.ToString()).SetTag(Tags.Attempts, retries + 1);
        if (exchange?.Answer is { } answer) span?.SetTag(Tags.HttpStatus, answer.Status);
        if (failure is not null) span.Fail(failure);
        // Before anybody is told of the licence: who waits for it may look at the trace next.
        span?.Stop();
    }

    private static LicenseTurnRequest TurnOf(LicenseSessionActor session, ExchangeOrder order) => new()
    {
        Session = session.Id,
        Provider = session.Options.Service.Name,
        KeySystem = session.Descriptor.Name,
        Scope = session.Options.SharingScope,
        KeyIds = order.KeyIds,
        Kind = order.Kind,
    };

    private static LicenseExchange Make(LicenseSessionActor session, ExchangeOrder order, LicenseTarget target)
    {
        Dictionary<string, string> values = new(session.Options.Values, StringComparer.Ordinal);
        if (session.ContentId is { } contentId) values.TryAdd("contentId", contentId);
        if (session.Scheme is { } scheme) values.TryAdd("scheme", scheme.ToString().ToLowerInvariant());
        if (session.Hints.FirstOrDefault(static hint => hint.Url.IsAbsoluteUri) is { } hint) values.TryAdd("la_url", hint.Url.AbsoluteUri);
        values["sessionId"] = session.Id.ToString();
        bool untrusted = target.Rule.Untrusted;
        if (untrusted && (session.Options.Tokens is not null || session.Options.CustomData is not null || session.Options.RequestHeaders.Count > 0))
        {
            throw new LicenseServiceException(LicenseErrorKind.UntrustedUrl, $"{target.Source} names {Redactor.Url(target.Url)}, and what the caller gave for licence requests goes only where the caller or configuration says")
            {
                Advice = "give the licence URL too, if it is the right one",
            };
        }

        return new LicenseExchange
        {
            Session = session.Id,
            KeySystem = session.Descriptor.Name,
            Provider = session.Options.Service.Name,
            KeyIds = order.KeyIds,
            Values = untrusted ? FrozenDictionary<string, string>.Empty : values.ToFrozenDictionary(StringComparer.Ordinal),
            Tokens = untrusted ? null : session.Options.Tokens,
            Kind = order.Kind,
            CustomData = session.Options.CustomData,
            Request = new LicenseRequest { Url = target.Url, Headers = session.Options.RequestHeaders },
        };
    }
}
