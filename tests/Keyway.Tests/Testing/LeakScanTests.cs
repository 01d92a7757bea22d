using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Licensing;
using Keyway.Messaging;
using Microsoft.Extensions.Logging;

namespace Keyway.Testing;

/// <summary>The positive control: a secret planted in any place in any form is found, so that a scan that finds nothing has said something.</summary>
public sealed class LeakScanTests
{
    private const string Secret = "the secret";

    private static readonly Dictionary<string, (LeakForm Form, Func<byte[], string> Write)> Forms = new()
    {
        ["as it is"] = (LeakForm.Raw, Encoding.Latin1.GetString),
        ["percent-encoded"] = (LeakForm.Raw, static key => string.Concat(key.Select(static value => $"%{value:x2}"))),
        ["percent-encoded twice"] = (LeakForm.Raw, static key => string.Concat(key.Select(static value => $"%25{value:X2}"))),
        ["hexadecimal, lower case"] = (LeakForm.Hexadecimal, Convert.ToHexStringLower),
        ["hexadecimal, upper case"] = (LeakForm.Hexadecimal, Convert.ToHexString),
        ["hexadecimal with dashes"] = (LeakForm.Hexadecimal, BitConverter.ToString),
        ["hexadecimal with colons"] = (LeakForm.Hexadecimal, static key => string.Join(':', key.Select(static value => $"{value:x2}"))),
        ["hexadecimal with spaces, two lines"] = (LeakForm.Hexadecimal, static key => Convert.ToHexString(key[..7]) + "\r\n  " + string.Join(' ', key[7..].Select(static value => $"{value:X2}"))),
        ["hexadecimal, a list"] = (LeakForm.Hexadecimal, static key => string.Join(", ", key.Select(static value => $"0x{value:x2}"))),
        ["hexadecimal, escaped"] = (LeakForm.Hexadecimal, static key => string.Concat(key.Select(static value => $@"\x{value:x2}"))),
        ["hexadecimal as a UUID"] = (LeakForm.Hexadecimal, static key => new Guid(key, bigEndian: true).ToString()),
        ["hexadecimal, the first half"] = (LeakForm.Hexadecimal, static key => Convert.ToHexStringLower(key)[..16] + "…"),
        ["base64"] = (LeakForm.Base64, Convert.ToBase64String),
        ["base64 without padding"] = (LeakForm.Base64, static key => Convert.ToBase64String(key).TrimEnd('=')),
        ["base64url"] = (LeakForm.Base64, static key => Convert.ToBase64String(key).Replace('+', '-').Replace('/', '_')),
        ["base64url without padding"] = (LeakForm.Base64, static key => Convert.ToBase64String(key).TrimEnd('=').Replace('+', '-').Replace('/', '_')),
        ["base64, one byte before"] = (LeakForm.Base64, static key => Convert.ToBase64String([200, .. key, 1, 2, 3])),
        ["base64, two bytes before"] = (LeakForm.Base64, static key => Convert.ToBase64String([200, 100, .. key, 1, 2])),
        ["base64, three bytes before"] = (LeakForm.Base64, static key => Convert.ToBase64String([200, 100, 50, .. key])),
        ["base64 in lines"] = (LeakForm.Base64, static key => Convert.ToBase64String(key).Insert(11, "\r\n")),
        ["base64 in a query"] = (LeakForm.Base64, static key => Uri.EscapeDataString(Convert.ToBase64String(key))),
        ["base64 in JSON"] = (LeakForm.Base64, static key => JsonSerializer.Serialize(Convert.ToBase64String(key))),
        ["a decimal list"] = (LeakForm.DecimalList, static key => string.Join(", ", key)),
        ["a decimal list in lines"] = (LeakForm.DecimalList, static key => $"[\n  {string.Join(",\n  ", key)}\n]"),
        ["a decimal list of three digits"] = (LeakForm.DecimalList, static key => string.Join(' ', key.Select(static value => $"{value:000}"))),
        ["a signed decimal list"] = (LeakForm.DecimalList, static key => string.Join(", ", key.Select(static value => (sbyte)value))),
        ["a GUID"] = (LeakForm.GuidOrder, static key => new Guid(key, bigEndian: false).ToString("B").ToUpperInvariant()),
        ["a GUID of the form X"] = (LeakForm.GuidOrder, static key => new Guid(key, bigEndian: false).ToString("X")),
        ["a GUID in base64"] = (LeakForm.GuidOrder, static key => Convert.ToBase64String(Convert.FromHexString(new Guid(key, bigEndian: false).ToString("N")))),
    };

    private static readonly Dictionary<string, Func<LeakScan, string, Task>> Places = new()
    {
        ["standard output"] = Told(static (scan, text) => scan.Add("standard output", $"keyway: {text}\n")),
        ["--json"] = Told(static (scan, text) => scan.Add("--json", JsonSerializer.Serialize(new { error = new { message = $"no: {text}" } }))),
        ["a log message"] = Logged(static (log, text) => Log.Said(log, text, null)),
        ["a log value that the message leaves out"] = Logged(static (log, text) => log.Log(LogLevel.Trace, default, new Dictionary<string, object?> { ["left out"] = text }, null, static (_, _) => "said")),
        ["a log scope"] = Logged(static (log, text) => log.BeginScope(new Dictionary<string, object> { ["scope"] = text })?.Dispose()),
        ["a logged exception"] = Logged(static (log, text) => Log.Said(log, "failed", new IOException("outer", new InvalidDataException(text)))),
        ["an exception's message"] = Told(static (scan, text) => scan.Add("exception", new IOException($"it was {text}."))),
        ["an inner exception's message"] = Told(static (scan, text) => scan.Add("exception", new IOException("outer", new IOException("middle", new IOException(text))))),
        ["an exception's data"] = Told(static (scan, text) => scan.Add("exception", new IOException("outer", new IOException("inner") { Data = { ["CustomData"] = text } }))),
        ["another property of an exception"] = Told(static (scan, text) => scan.Add("exception", new LicenseServiceException(LicenseErrorKind.Unknown, "no") { Advice = text })),
        ["the second of many exceptions"] = Told(static (scan, text) => scan.Add("exception", new AggregateException(new IOException("first"), new IOException(text)))),
        ["an activity's tag"] = Traced(static (activity, text) => activity.SetTag("url.full", $"https://a.example/?t={text}")),
        ["an activity's baggage"] = Traced(static (activity, text) => activity.SetBaggage("user", text)),
        ["an activity's name"] = Traced(static (activity, text) => activity.DisplayName = text),
        ["an activity's status"] = Traced(static (activity, text) => activity.SetStatus(ActivityStatusCode.Error, text)),
        ["an activity's event"] = Traced(static (activity, text) => activity.AddEvent(new ActivityEvent("exception", default, new ActivityTagsCollection { ["exception.message"] = text }))),
        ["a measurement's tag"] = Measured(static (meter, text) => meter.CreateCounter<int>("c").Add(1, new KeyValuePair<string, object?>("key", text))),
        ["an observed measurement's tag"] = Measured(static (meter, text) => meter.CreateObservableGauge("g", () => new Measurement<double>(1, new KeyValuePair<string, object?>("key", text)))),
        ["an instrument's description"] = Measured(static (meter, text) => meter.CreateHistogram<long>("h", null, text)),
        ["an event of a library of the network"] = Heard(static (_, text) => Network.Source.Said(text)),
        ["a fact"] = async static (scan, text) =>
        {
            InProcessBus bus = new();
            using (LeakRecorder recorder = new(scan))
            {
                recorder.Listen(bus);
                await bus.AsyncPublisher<PluginFaulted>().PublishAsync(new PluginFaulted { PluginId = text, Stage = "load" }, TestContext.Current.CancellationToken);
            }
        },
        ["a file"] = Filed(static (folder, text) => File.WriteAllText(Path.Combine(folder, "a.txt"), $"some text around {text} it")),
        ["a hidden file in a folder, UTF-16"] = Filed(static (folder, text) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "b")).FullName, ".part"), text, Encoding.Unicode)),
        ["a file of media"] = Filed(static (folder, text) => File.WriteAllBytes(Path.Combine(folder, "c.mp4"), [.. RandomNumberGenerator.GetBytes(4000), 0, .. Encoding.Latin1.GetBytes(text), 0, .. RandomNumberGenerator.GetBytes(4000)])),
        ["a file's name"] = Filed(static (folder, text) => File.WriteAllText(Path.Combine(folder, text + ".mp4"), "")),
    };

    public static TheoryData<string, string> EveryPlaceAndForm => [.. from place in Places.Keys
                                                                      from form in Forms.Keys
                                                                      where place != "a file's name" || IsFileName(Forms[form].Write(Make(place, form)))
                                                                      select (place, form)];

    [Theory]
    [MemberData(nameof(EveryPlaceAndForm))]
    public async Task A_secret_is_found_in_every_place_in_every_form(string place, string form)
    {
        byte[] secret = Make(place, form);
        LeakScan scan = new();
        scan.Plant("another", Make(form, place));
        scan.Plant(Secret, secret);
        await Places[place](scan, Forms[form].Write(secret));

        IReadOnlyList<Leak> leaks = scan.Find();
        leaks.Should().NotBeEmpty().And.OnlyContain(leak => leak.Secret == Secret).And.Contain(leak => leak.Form == Forms[form].Form);
        ((Action)scan.Check).Should().Throw<LeakException>().Which.Message.Should().Contain(Secret).And.NotContain(Forms[form].Write(secret));
    }

    [Theory]
    [InlineData("abc/def+ghi=jkl&mno<pqr>\"stu'é")]
    [InlineData("t0ken-s3cret")]
    public void A_text_is_found_behind_every_escape(string secret)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(secret);
        string base64 = Convert.ToBase64String(bytes);
        foreach (string written in (string[])
            [
                secret, Uri.EscapeDataString(secret), Uri.EscapeDataString(Uri.EscapeDataString(secret)), System.Net.WebUtility.UrlEncode(secret),
                JsonSerializer.Serialize(secret), JsonSerializer.Serialize(JsonSerializer.Serialize(secret)), System.Security.SecurityElement.Escape(secret),
                System.Net.WebUtility.HtmlEncode(secret), Convert.ToHexString(bytes), base64, JsonSerializer.Serialize(new { token = Uri.EscapeDataString(base64) }), string.Join(',', bytes),
                $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"user:{secret}"))}",
            ])
        {
            LeakScan scan = new();
            scan.Plant(Secret, secret);
            scan.Add("text", $"before {written} after");
            scan.Find().Should().NotBeEmpty("it says {0}", written);
        }
    }

    [Fact]
    public void A_piece_of_a_long_secret_is_found_wherever_it_was_cut()
    {
        byte[] key = RandomNumberGenerator.GetBytes(1217);
        for (int at = 0; at + 15 <= key.Length; at += 7)
        {
            LeakScan scan = new();
            scan.Plant(Secret, key);
            scan.Add("text", Convert.ToBase64String(key.AsSpan(at, 15)) + "…");
            scan.Find().Should().ContainSingle("it was cut at {0}", at);
        }
    }

    [Fact]
    public void What_is_no_secret_is_not_found()
    {
        LeakScan scan = new();
        for (int i = 0; i < 50; i++) scan.Plant($"key {i}", RandomNumberGenerator.GetBytes(16));
        scan.Plant("a private key", RandomNumberGenerator.GetBytes(1217));
        foreach ((_, Func<byte[], string> write) in Forms.Values) scan.Add("text", write(RandomNumberGenerator.GetBytes(16)));
        scan.Add("media", RandomNumberGenerator.GetBytes(1 << 20));
        scan.Add("source", File.ReadAllText(Path.Combine(Corpus.Root, "docs", "architecture.md")));
        scan.Check();
    }

    [Fact]
    public void A_scan_that_could_find_nothing_says_so()
    {
        LeakScan scan = new();
        ((Action)scan.Check).Should().Throw<InvalidOperationException>();
        scan.Plant(Secret, "t0ken-s3cret");
        ((Action)scan.Check).Should().Throw<InvalidOperationException>("no text was added");
        ((Action)(() => scan.Plant(Secret, "short"))).Should().Throw<ArgumentException>();
        ((Action)(() => scan.Plant(Secret, new byte[32]))).Should().Throw<ArgumentException>("zeros are everywhere");
    }

    /// <summary>Bytes that differ from test to test, though listeners hear the whole process; the base64 of each has both of its odd letters.</summary>
    private static byte[] Make(string place, string form)
    {
        byte[] key = SHA256.HashData(Encoding.UTF8.GetBytes($"{place}|{form}"))[..16];
        (key[0], key[1], key[2]) = (0xFB, 0xFF, 0xFE);   // +//+
        return key;
    }

    private static bool IsFileName(string text) => text.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '=' or ',' or ' ');

    private static Func<LeakScan, string, Task> Told(Action<LeakScan, string> tell) => (scan, text) =>
    {
        tell(scan, text);
        return Task.CompletedTask;
    };

    private static Func<LeakScan, string, Task> Heard(Action<LeakRecorder, string> say) => Told((scan, text) =>
    {
        using LeakRecorder recorder = new(scan);
        say(recorder, text);
    });

    private static Func<LeakScan, string, Task> Logged(Action<ILogger, string> log) => Heard((recorder, text) =>
    {
        using ILoggerFactory factory = recorder.CreateLoggerFactory();
        log(factory.CreateLogger("Some.Category"), text);
    });

    private static Func<LeakScan, string, Task> Traced(Action<Activity, string> trace) => Heard((_, text) =>
    {
        using ActivitySource source = new("Some.Source");
        using Activity activity = source.StartActivity("work")!;
        trace(activity, text);
    });

    private static Func<LeakScan, string, Task> Measured(Action<Meter, string> measure) => Told((scan, text) =>
    {
        using Meter meter = new("Some.Meter");
        using LeakRecorder recorder = new(scan);
        measure(meter, text);
    });

    private static Func<LeakScan, string, Task> Filed(Action<string, string> write) => Told((scan, text) =>
    {
        string folder = Directory.CreateTempSubdirectory("keyway-leak-").FullName;
        try
        {
            write(folder, text);
            scan.AddFolder("left behind", folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    });

    private static class Log
    {
        public static readonly Action<ILogger, string, Exception?> Said = LoggerMessage.Define<string>(LogLevel.Trace, default, "it says {What}");
    }

    [EventSource(Name = "System.Net.Of.A.Test")]
    private sealed class Network : EventSource
    {
        public static readonly Network Source = new();

        [Event(1)]
        public void Said(string what) => WriteEvent(1, what);
    }
}
