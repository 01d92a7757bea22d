using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Reflection;
using Keyway.Messaging;
using Microsoft.Extensions.Logging;

namespace Keyway.Testing;

/// <summary>
/// Records everything that a run says, and adds it to a <see cref="LeakScan"/>: every log category at every level with values and scopes, activities with tags,
/// baggage and events, measurements with tags, what the libraries of HTTP tell their listeners, every fact of a bus.
/// </summary>
/// <remarks>Activities, measurements and the libraries' events are those of the whole process. Threads: any.</remarks>
public sealed class LeakRecorder : ILoggerProvider
{
    private readonly LeakScan _scan;
    private readonly ActivityListener _activities;
    private readonly MeterListener _meters = new();
    private readonly Libraries _libraries;
    private readonly List<IDisposable> _subscriptions = [];

    /// <summary>Starts to listen.</summary>
    /// <param name="scan">Where to add what is recorded.</param>
    public LeakRecorder(LeakScan scan)
    {
        ArgumentNullException.ThrowIfNull(scan);
        _scan = scan;
        _activities = new ActivityListener
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            SampleUsingParentId = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(_activities);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            _scan.Add($"instrument {instrument.Name}", $"{instrument.Description} {instrument.Unit}");
            listener.EnableMeasurementEvents(instrument);
        };
        Measure<byte>();
        Measure<short>();
        Measure<int>();
        Measure<long>();
        Measure<float>();
        Measure<double>();
        Measure<decimal>();
        _meters.Start();
        _libraries = new Libraries(scan);
    }

    /// <summary>A factory whose loggers are all recorded, at every level.</summary>
    /// <returns>The factory. Ownership: the caller's.</returns>
    public ILoggerFactory CreateLoggerFactory() => new Factory(this);

    /// <summary>Records every fact of a bus.</summary>
    /// <param name="events">The bus, or its listening half.</param>
    public void Listen(IEventSource events)
    {
        ArgumentNullException.ThrowIfNull(events);
        MethodInfo one = typeof(LeakRecorder).GetMethod(nameof(ListenTo), BindingFlags.Instance | BindingFlags.NonPublic)!;
        foreach (Type fact in typeof(IKeywayEvent).Assembly.GetExportedTypes().Where(static type => type.IsValueType && typeof(IKeywayEvent).IsAssignableFrom(type)))
            one.MakeGenericMethod(fact).Invoke(this, [events]);
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(_scan, categoryName);

    /// <summary>Stops recording; what observable instruments say is recorded before.</summary>
    public void Dispose()
    {
        foreach (IDisposable subscription in _subscriptions) subscription.Dispose();
        _subscriptions.Clear();
        _meters.RecordObservableInstruments();
        _meters.Dispose();
        _activities.Dispose();
        _libraries.Dispose();
    }

    private void ListenTo<T>(IEventSource events)
        where T : struct, IKeywayEvent => _subscriptions.Add(events.Subscriber<T>().Subscribe(new Facts<T>(_scan)));

    private void Measure<T>()
        where T : struct => _meters.SetMeasurementEventCallback<T>((instrument, value, tags, _) =>
        {
            string place = $"instrument {instrument.Name}";
            _scan.AddValue(place, value);
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                _scan.Add(place, tag.Key);
                _scan.AddValue(place, tag.Value);
            }
        });

    private void Add(Activity activity)
    {
        string place = $"activity {activity.OperationName}";
        _scan.Add(place, activity.DisplayName);
        _scan.Add(place, activity.StatusDescription);
        _scan.Add(place, activity.TraceStateString);
        _scan.AddValue(place, activity.TagObjects);
        _scan.AddValue(place, activity.Baggage);
        foreach (ActivityEvent told in activity.Events)
        {
            _scan.Add(place, told.Name);
            _scan.AddValue(place, told.Tags);
        }

        foreach (ActivityLink link in activity.Links) _scan.AddValue(place, link.Tags);
    }

    private sealed class Facts<T>(LeakScan scan) : IMessageHandler<T>
        where T : struct, IKeywayEvent
    {
        public void Handle(T message) => scan.Add($"fact {typeof(T).Name}", message.ToString());
    }

    private sealed class Factory(LeakRecorder recorder) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => recorder.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("everything is heard already");

        public void Dispose()
        {
            // The recorder is its owner's.
        }
    }

    private sealed class Logger(LeakScan scan, string category) : ILogger, IDisposable
    {
        private readonly string _place = $"log {category}";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            scan.AddValue(_place, state);
            return this;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            scan.Add(_place, formatter(state, exception));
            scan.AddValue(_place, state);
            if (exception is not null) scan.Add(_place, exception);
        }

        public void Dispose()
        {
            // A scope was recorded when it began.
        }
    }

    /// <summary>What the libraries below tell listeners outside of the process too (<c>dotnet-trace</c>).</summary>
    private sealed class Libraries : EventListener
    {
        // The base class calls before this one is made: what is told then is nobody's yet.
        private readonly LeakScan? _scan;

        public Libraries(LeakScan scan) => _scan = scan;

        // Sources whose names begin with Private are for those who debug the libraries themselves.
        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name.StartsWith("System.Net.", StringComparison.Ordinal)) EnableEvents(eventSource, EventLevel.Verbose);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            string place = $"events {eventData.EventSource.Name}";
            _scan?.Add(place, eventData.Message);
            foreach (object? value in eventData.Payload ?? (IEnumerable<object?>)[]) _scan?.AddValue(place, value);
        }
    }
}
