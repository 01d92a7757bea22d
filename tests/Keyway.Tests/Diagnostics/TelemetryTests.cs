using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Diagnostics;

/// <summary>What a host's telemetry records of a whole presentation, through the platform's own listeners.</summary>
public sealed class TelemetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Presentation_tells_of_its_opening_its_session_its_exchange_and_its_first_clear_fragment()
    {
        using Spy spy = new();
        await using PresentationBench bench = new();
        await using (Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Token))
            await PresentationBench.ReadAsync(presentation, 0);

        Activity open = spy.Only("keyway.open"), session = spy.Only("keyway.session"), exchange = spy.Only("keyway.exchange"), first = spy.Only("keyway.first_decrypt");
        session.ParentSpanId.Should().Be(open.SpanId);
        exchange.ParentSpanId.Should().Be(session.SpanId);
        first.ParentSpanId.Should().Be(open.SpanId);
        open.GetTagItem(Tags.KeySystem).Should().Be(bench.System.Descriptor.Name);
        exchange.GetTagItem(Tags.Kind).Should().Be(nameof(ChallengeKind.License));
        exchange.GetTagItem(Tags.HttpStatus).Should().Be(200);
        exchange.GetTagItem(Tags.Server).Should().Be(PresentationBench.LicenseUrl.IdnHost);
        session.GetTagItem(Tags.State).Should().Be("Usable");
        spy.Spans.Should().OnlyContain(span => span.Status == ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task Exchange_that_fails_says_its_kind_and_no_more()
    {
        using Spy spy = new();
        await using PresentationBench bench = new();
        bench.Server.Next((_, _) => throw new LicenseServiceException(LicenseErrorKind.TokenExpired, "too old"));
        await using (Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Token))
        {
            Func<Task> acquire = async () => await presentation.AcquireAsync(Token);
            await acquire.Should().ThrowAsync<Sessions.KeyUnavailableException>();
        }

        foreach (Activity failed in (Activity[])[spy.Only("keyway.session"), spy.Only("keyway.exchange")])
        {
            failed.Status.Should().Be(ActivityStatusCode.Error);
            failed.StatusDescription.Should().BeNull();
            failed.GetTagItem(Tags.Error).Should().Be("TokenExpired");
        }
    }

    [Fact]
    public async Task Meter_counts_what_the_engine_does()
    {
        await using PresentationBench bench = new();
        ConcurrentBag<(string Name, double Value, string Tags)> heard = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == bench.Engine.Meter.Meter) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => heard.Add((instrument.Name, value, Text(tags))));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => heard.Add((instrument.Name, value, Text(tags))));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => heard.Add((instrument.Name, value, Text(tags))));
        listener.Start();

        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Token);
        await PresentationBench.ReadAsync(presentation, 0);
        listener.RecordObservableInstruments();
        int fragments = bench.Facts.OfType<FragmentDecrypted>().Count();

        heard.Count(static each => each.Name == "keyway.exchange.duration").Should().Be(bench.Server.Received.Count);
        heard.Where(static each => each.Name == "keyway.fragments").Sum(static each => each.Value).Should().Be(fragments).And.BePositive();
        heard.Should().Contain(each => each.Name == "keyway.sessions" && each.Value == 1 && each.Tags.Contains("keyway.session.state=Usable"));
        heard.Should().Contain(each => each.Name == "keyway.keys" && each.Value == 3 && each.Tags.Contains("keyway.key.status=Usable"));
        heard.Should().Contain(each => each.Name == "keyway.events.dropped" && each.Value == 0);
        heard.Should().NotContain(each => each.Name == "keyway.exchange.retries");
    }

    [Fact]
    public async Task Durations_of_exchanges_have_buckets_that_tell_a_near_service_from_a_far_one()
    {
        await using PresentationBench bench = new();
        IReadOnlyList<double>? buckets = null;
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument is Histogram<double> { Name: "keyway.exchange.duration" } durations) buckets = durations.Advice?.HistogramBucketBoundaries;
            },
        };
        listener.Start();
        buckets.Should().NotBeNull().And.BeInAscendingOrder();
        buckets!.Count(static bound => bound < 1).Should().BeGreaterThan(4, "seconds are the unit, and most services answer below one");
        buckets.Should().Contain(30, "that long a reader waits by default");
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(",", tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"));

    /// <summary>Records the spans of one trace, whatever other tests do meanwhile.</summary>
    private sealed class Spy : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _spans = new();
        private readonly Activity _root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        private readonly ActivityListener _listener;

        public Spy()
        {
            ActivityTraceId trace = _root.TraceId;
            _listener = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == KeywayTelemetry.ActivitySource,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span.TraceId == trace) _spans.Enqueue(span);
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IEnumerable<Activity> Spans => _spans;

        public Activity Only(string name) => _spans.Should().ContainSingle(span => span.OperationName == name).Which;

        public void Dispose()
        {
            _listener.Dispose();
            _root.Dispose();
        }
    }
}
