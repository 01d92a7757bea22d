using System.Text;
using Keyway.Mp4;

namespace Keyway.Dash.Reading;

/// <summary>Manifests that say much with few bytes.</summary>
[Collection(Alone.Name)]
public sealed class CountsThatCostNothingTests
{
    public static TheoryData<string, string> Manifests => new()
    {
        { "S@r of 2^63", Timeline("""<S t="0" d="1" r="9223372036854775807"/>""") },
        { "S@r again and again", Timeline(string.Concat(Enumerable.Repeat("""<S d="1" r="2147483647"/>""", 10_000))) },
        { "S@r to the end of a century", Timeline("""<S t="0" d="1" r="-1"/>""", "P100Y") },
        { "S@r up to a time", Timeline("""<S t="0" d="1" r="-1"/><S t="18446744073709551614" d="1"/>""") },
        { "a million segments a second", Template("""timescale="1000000" duration="1" media="$Number$.m4s" """, "PT10H") },
        { "as many as numbers go", Template("""timescale="1" duration="1" startNumber="0" endNumber="18446744073709551615" media="$Number$.m4s" """, "P1000Y") },
        { "times beyond 64 bits", Template("""timescale="18446744073709551615" duration="1" media="$Time$.m4s" """, "P1000Y") },
        { "a number of four billion digits", Template("""timescale="1" duration="1" media="$Number%04294967295d$.m4s" """, "PT10S") },
        { "an address that grows", Template($"""timescale="1" duration="1" media="{string.Concat(Enumerable.Repeat("$RepresentationID$", 400))}$Number$" """, "PT10S", new string('x', 4000)) },
        { "live, a million segments a second", Template("""timescale="1000000" duration="1" media="$Number$.m4s" """, null, dynamic: true) },
        { "live, S@r without an end", Timeline("""<S t="0" d="1" r="-1"/>""", null, dynamic: true) },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    public async Task A_count_costs_nothing(string what, string manifest)
    {
        what.Should().NotBeEmpty();
        Read(Template("""duration="1" media="$Number$.m4s" """, "PT1S"));
        await Price.ShouldBeLowAsync(() => Read(manifest), what);
    }

    private static void Read(string text)
    {
        DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Manifest manifest = ManifestReader.Read(Encoding.UTF8.GetBytes(text), new Uri("https://cdn.example/m.mpd"));
        RepresentationSegments segments = manifest.Periods[0].AdaptationSets[0].Representations[0].Segments;
        Try(() => segments.Count(now));
        Try(() => _ = segments.Enumerate(now).Take(1000).Count());
        Try(() => _ = segments.Initialization);
        if (!manifest.IsDynamic) return;
        Try(() => segments.Newest(now));
        Try(() => segments.Next(null, now));
        Try(() => segments.Next(ulong.MaxValue - 1, now));
        Try(() => segments.At(TimeSpan.FromHours(1), now));

        static void Try(Action read)
        {
            try
            {
                read();
            }
            catch (ManifestException)
            {
            }
        }
    }

    private static string Timeline(string entries, string? duration = "PT1H", bool dynamic = false) =>
        Mpd($"""<SegmentTemplate timescale="1000000" media="$Time$.m4s"><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>""", duration, "1", dynamic);

    private static string Template(string attributes, string? duration, string id = "1", bool dynamic = false) => Mpd($"<SegmentTemplate {attributes}/>", duration, id, dynamic);

    private static string Mpd(string addressing, string? duration, string id, bool dynamic) =>
        $"""<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="{(dynamic ? "dynamic" : "static")}" {(dynamic ? """availabilityStartTime="1970-01-01T00:00:00Z" """ : "")}{(duration is null ? "" : $"mediaPresentationDuration=\"{duration}\"")}><Period start="PT0S"><AdaptationSet mimeType="video/mp4">{addressing}<Representation id="{id}" bandwidth="1"/></AdaptationSet></Period></MPD>""";
}
