using System.Globalization;
using System.Text;
using CsCheck;

namespace Keyway.Dash.Reading;

/// <summary>Manifests of any shape, against what their own generator knows of the segments.</summary>
public sealed class GeneratedManifestTests
{
    private static readonly Gen<(ulong Duration, int Repeat, ulong Gap)[]> AnyTimeline = Gen.Select(Gen.ULong[1, 1_000_000], Gen.Int[0, 5], Gen.ULong[0, 3]).Array[1, 20];

    [Fact]
    public void Segments_of_a_timeline_are_those_that_were_written() => Gen.Select(AnyTimeline, Gen.ULong[0, 100], Gen.ULong[1, 48_000], Gen.Int[1, 3], Gen.Int[1, 3]).Sample(
        (timeline, first, scale, sets, representations) =>
        {
            StringBuilder entries = new();
            List<(ulong Number, ulong Time, ulong Duration)> expected = [];
            ulong time = 0;
            foreach ((ulong duration, int repeat, ulong gap) in timeline)
            {
                // A gap is said by @t; without one the time goes on by itself.
                time += gap;
                string start = gap > 0 || expected.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $" t=\"{time}\"") : "";
                entries.Append(CultureInfo.InvariantCulture, $"<S{start} d=\"{duration}\" r=\"{repeat}\"/>");
                for (int i = 0; i <= repeat; i++, time += duration) expected.Add((first + (ulong)expected.Count, time, duration));
            }

            string set = $"<AdaptationSet mimeType=\"video/mp4\"><SegmentTemplate timescale=\"{scale}\" startNumber=\"{first}\" media=\"$RepresentationID$/$Number$-$Time$.m4s\"><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
                + string.Concat(Enumerable.Range(0, representations).Select(id => $"<Representation id=\"r{id}\" bandwidth=\"1\"/>")) + "</AdaptationSet>";
            Manifest manifest = ManifestReader.Read(
                Encoding.UTF8.GetBytes($"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period>{string.Concat(Enumerable.Repeat(set, sets))}</Period></MPD>"), new Uri("https://cdn.example/a/m.mpd"));

            manifest.Periods[0].AdaptationSets.Should().HaveCount(sets);
            foreach (AdaptationSet read in manifest.Periods[0].AdaptationSets)
            {
                read.Representations.Should().HaveCount(representations);
                foreach (Representation representation in read.Representations)
                {
                    representation.Segments.Count().Should().Be(expected.Count);
                    representation.Segments.Enumerate().Select(segment => (segment.Number, segment.Time, segment.Duration)).Should().Equal(expected);
                    representation.Segments.Enumerate().Select(segment => segment.Address.AbsoluteUri).Should().Equal(
                        expected.Select(segment => string.Create(CultureInfo.InvariantCulture, $"https://cdn.example/a/{representation.Id}/{segment.Number}-{segment.Time}.m4s")));
                }
            }
        },
        iter: 100, threads: 1);
}
