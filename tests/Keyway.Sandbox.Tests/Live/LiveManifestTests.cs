using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Keyway.Testing;

namespace Keyway.Sandbox.Live;

/// <summary>What the channel's manifests offer, against the segments that they lead to. Times, keys and addresses are read from the boxes and the XML.</summary>
public sealed class LiveManifestTests
{
    private const string Host = "http://127.0.0.1:8797", W3CCommon = "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", DashIf = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e";
    private static readonly XNamespace Mpd = "urn:mpeg:dash:schema:mpd:2011";
    private static readonly XNamespace Cenc = "urn:mpeg:cenc:2013";

    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly LiveChannel _channel;

    public LiveManifestTests() => _channel = new LiveChannel(ContentKeys.Load([]), _clock);

    public static TheoryData<string> Variants => ["", "moof/", "mpd/", "window/", "periods/", "browser/", "browser/moof/"];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_segment_on_offer_is_there_where_the_manifest_says_and_its_key_is_announced(string variant)
    {
        // At every second of two crypto periods: joins at any moment.
        for (int second = 0; second < 32; second++, _clock.Advance(TimeSpan.FromSeconds(1)))
        {
            XElement manifest = Manifest(variant);
            int segments = 0;
            foreach (Offer offer in Offers(manifest))
            {
                LiveAnswer answer = _channel.Answer(variant + offer.Address, null, Host);
                answer.Status.Should().Be(200, "{0} at {1} s", offer.Address, second);
                // Audio begins with the frame that is due, at most one early.
                double time = (double)Number(Box(answer.Body, "tfdt"), 12) / offer.Timescale;
                time.Should().BeInRange(offer.Start - 1024.0 / 48000, offer.Start);
                string kid = Convert.ToHexStringLower(Box(answer.Body, "sgpd").AsSpan()[^16..]);
                string[] announced = [.. Announced(offer.Set), .. offer.DefaultKid is { } own ? [own] : Array.Empty<string>(), .. InMoof(answer.Body)];
                announced.Should().Contain(kid, "{0} at {1} s", offer.Address, second);
                if (!variant.Contains("moof", StringComparison.Ordinal)) Announced(offer.Set).Should().Contain(kid);
                if (offer.DefaultKid is { } only) only.Should().Be(kid, "a period has one key");
                segments++;
            }

            segments.Should().BeGreaterThanOrEqualTo(3 * 10, "forty seconds of three tracks are on offer");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Sound_and_pictures_are_addressed_alike(string variant)
    {
        XElement[] templates = [.. Manifest(variant).Descendants(Mpd + "SegmentTemplate")];
        templates.Select(template => template.Attribute("media")!.Value).Distinct().Should().ContainSingle();
        templates.Select(template => template.Element(Mpd + "SegmentTimeline") is null).Distinct().Should().ContainSingle();
    }

    [Theory]
    [InlineData("")]
    [InlineData("periods/")]
    [InlineData("browser/")]
    public void Periods_follow_each_other_and_the_next_is_there_before_it_begins(string variant)
    {
        for (int second = 0; second < 32; second++, _clock.Advance(TimeSpan.FromSeconds(1)))
        {
            XElement[] periods = [.. Manifest(variant).Elements(Mpd + "Period")];
            periods.Select(period => Seconds(period, "start")).Should().Equal(periods.Select((_, index) => Seconds(periods[0], "start") + 16 * index));
            periods.Should().OnlyContain(period => Seconds(period, "duration") == 16);
            Seconds(periods[^1], "start").Should().BeGreaterThan((_clock.GetUtcNow() - _channel.Start).TotalSeconds);
            foreach (XElement template in periods.SelectMany(period => period.Descendants(Mpd + "SegmentTemplate")))
            {
                double offset = double.Parse(template.Attribute("presentationTimeOffset")?.Value ?? "0", CultureInfo.InvariantCulture) / double.Parse(template.Attribute("timescale")!.Value, CultureInfo.InvariantCulture);
                offset.Should().Be(Seconds(template.Ancestors(Mpd + "Period").Single(), "start"), "sound and pictures begin together, to the unit");
            }
        }
    }

    [Theory]
    [InlineData("browser/")]
    [InlineData("browser/moof/")]
    public void Browsers_find_the_service_and_the_clock_by_full_addresses(string variant)
    {
        XElement manifest = Manifest(variant);
        manifest.Element(Mpd + "UTCTiming")!.Attribute("value")!.Value.Should().Be(Host + "/live/time");
        foreach (XElement set in manifest.Descendants(Mpd + "AdaptationSet"))
        {
            XElement[] protection = [.. set.Elements(Mpd + "ContentProtection")];
            protection.Should().ContainSingle(element => element.Attribute("schemeIdUri")!.Value == W3CCommon);
            protection.Should().ContainSingle(element => element.Attribute("schemeIdUri")!.Value == DashIf).Which.Value.Should().Be(Host + "/clearkey");
        }
    }

    [Fact]
    public void Initialisation_of_a_period_has_its_key()
    {
        XElement set = Manifest("browser/").Descendants(Mpd + "AdaptationSet").Last();
        string address = set.Descendants(Mpd + "SegmentTemplate").Single().Attribute("initialization")!.Value.Replace("$RepresentationID$", "video-360", StringComparison.Ordinal);
        byte[] tenc = Box(_channel.Answer("browser/" + address, null, Host).Body, "tenc");
        Convert.ToHexStringLower(tenc.AsSpan(16, 16)).Should().Be(set.Elements().Select(element => (string?)element.Attribute(Cenc + "default_KID")).First(id => id is not null)!.Replace("-", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("periods/")]
    [InlineData("mpd/")]
    [InlineData("")]
    public void Manifest_of_what_is_over_is_static_and_announces_every_key_from_the_beginning(string variant)
    {
        _clock.Advance(TimeSpan.FromSeconds(60));
        XElement manifest = XElement.Parse(Encoding.UTF8.GetString(_channel.Answer(variant + "manifest.mpd", TimeSpan.FromSeconds(100), Host).Body));
        manifest.Attribute("type")!.Value.Should().Be("static");
        Seconds(manifest, "mediaPresentationDuration").Should().Be(100);
        string[] announced = [.. manifest.Descendants(Mpd + "AdaptationSet").SelectMany(Announced).Distinct()];
        announced.Should().HaveCount(3 * 7, "seven keys of sixteen seconds are a hundred seconds, for each of three tracks");
        if (variant == "periods/") manifest.Elements(Mpd + "Period").Sum(period => Seconds(period, "duration")).Should().Be(100);
    }

    [Theory]
    [InlineData("video-360/0.m4s")]
    [InlineData("video-360/99999999999999999999.m4s")]
    [InlineData("video-360/1099511627776.m4s")]
    [InlineData("audio/t1.m4s")]
    [InlineData("audio/t99999999999.m4s")]
    [InlineData("audio/init-0.mp4")]
    [InlineData("audio/init-.mp4")]
    [InlineData("video-720/init.mp4")]
    [InlineData("browser/mpd/manifest.mpd")]
    [InlineData("")]
    public void What_is_not_on_offer_is_not_there(string path) => _channel.Answer(path, null, Host).Status.Should().Be(404);

    private XElement Manifest(string variant) => XElement.Parse(Encoding.UTF8.GetString(_channel.Answer(variant + "manifest.mpd", null, Host).Body));

    /// <summary>What a client may fetch now, as ISO/IEC 23009-1 5.3.9.5 and A.3 have it: from the timeline, or counted from the duration.</summary>
    private IEnumerable<Offer> Offers(XElement manifest)
    {
        double now = (_clock.GetUtcNow() - DateTimeOffset.Parse(manifest.Attribute("availabilityStartTime")!.Value, CultureInfo.InvariantCulture)).TotalSeconds;
        double from = now - Seconds(manifest, "timeShiftBufferDepth");
        foreach (XElement set in manifest.Descendants(Mpd + "AdaptationSet"))
        {
            XElement period = set.Parent!, template = set.Descendants(Mpd + "SegmentTemplate").Single();
            double start = Seconds(period, "start"), length = period.Attribute("duration") is null ? double.MaxValue : Seconds(period, "duration");
            uint timescale = uint.Parse(template.Attribute("timescale")!.Value, CultureInfo.InvariantCulture);
            string id = set.Element(Mpd + "Representation")!.Attribute("id")!.Value, media = template.Attribute("media")!.Value.Replace("$RepresentationID$", id, StringComparison.Ordinal);
            string? own = set.Elements().Select(element => (string?)element.Attribute(Cenc + "default_KID")).FirstOrDefault(each => each is not null)?.Replace("-", "", StringComparison.Ordinal);
            if (template.Element(Mpd + "SegmentTimeline") is { } timeline)
            {
                foreach (string time in timeline.Elements().Select(s => s.Attribute("t")!.Value))
                    yield return new Offer(set, media.Replace("$Time$", time, StringComparison.Ordinal), Math.Ceiling(double.Parse(time, CultureInfo.InvariantCulture) / timescale), timescale, own);
                continue;
            }

            double duration = double.Parse(template.Attribute("duration")!.Value, CultureInfo.InvariantCulture) / timescale;
            int first = int.Parse(template.Attribute("startNumber")!.Value, CultureInfo.InvariantCulture);
            for (int k = 0; k * duration < length && start + (k + 1) * duration <= now; k++)
                if (start + (k + 1) * duration > from) yield return new Offer(set, media.Replace("$Number$", (first + k).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), start + k * duration, timescale, own);
        }
    }

    private static IEnumerable<string> Announced(XElement set) => set.Elements(Mpd + "ContentProtection")
        .Where(element => element.Attribute("schemeIdUri")!.Value == W3CCommon)
        .SelectMany(element => element.Elements(Cenc + "pssh"))
        .Select(pssh => Convert.FromBase64String(pssh.Value))
        .SelectMany(pssh => Enumerable.Range(0, BinaryPrimitives.ReadInt32BigEndian(pssh.AsSpan(28))).Select(index => Convert.ToHexStringLower(pssh.AsSpan(32 + (16 * index), 16))));

    // Of version 1: after the system the number of keys, and then the keys.
    private static IEnumerable<string> InMoof(byte[] segment) => segment.AsSpan().IndexOf("pssh\u0001"u8) is > 0 and int at ? [Convert.ToHexStringLower(segment.AsSpan(at + 28, 16))] : [];

    private static byte[] Box(byte[] file, string type)
    {
        int at = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(type)) - 4;
        return file.AsSpan(at, (int)BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at))).ToArray();
    }

    private static ulong Number(byte[] box, int at) => BinaryPrimitives.ReadUInt64BigEndian(box.AsSpan(at));

    private static double Seconds(XElement element, string attribute) => System.Xml.XmlConvert.ToTimeSpan(element.Attribute(attribute)!.Value).TotalSeconds;

    private sealed record Offer(XElement Set, string Address, double Start, uint Timescale, string? DefaultKid);
}
