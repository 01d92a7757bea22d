using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Keyway.Testing;

namespace Keyway.Sandbox.Live;

/// <summary>What the channel's HLS playlists offer, against the segments and keys that they lead to. Read line by line, as RFC 8216 has them.</summary>
public sealed partial class LivePlaylistsTests
{
    private const string Host = "http://127.0.0.1:8797";
    private static readonly string[] Tracks = ["audio", "video-180", "video-360"];

    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly LiveChannel _channel;

    public LivePlaylistsTests() => _channel = new LiveChannel(ContentKeys.Load([]), _clock);

    [GeneratedRegex("URI=\"([^\"]+)\"")]
    private static partial Regex Address { get; }

    [GeneratedRegex("KEYFORMAT=\"([^\"]+)\"")]
    private static partial Regex Format { get; }

    [Fact]
    public void Multivariant_playlist_leads_to_every_track()
    {
        string[] lines = Get("master.m3u8");
        string audio = Address.Match(lines.Single(static line => line.StartsWith("#EXT-X-MEDIA:", StringComparison.Ordinal))).Groups[1].Value;
        string[] variants = [.. lines.Where(static line => line.Length > 0 && line[0] != '#')];
        ((string[])[audio, .. variants]).Should().BeEquivalentTo(Tracks.Select(static track => track + "/media.m3u8"));
        foreach (string track in Tracks) Get(track + "/media.m3u8")[0].Should().Be("#EXTM3U");
    }

    [Fact]
    public void Every_segment_on_offer_is_there_with_its_key_and_its_initialisation_segment()
    {
        // At every second of two crypto periods: joins at any moment.
        for (int second = 0; second < 32; second++, _clock.Advance(TimeSpan.FromSeconds(1)))
        {
            foreach (string track in Tracks)
            {
                string kid = "", map = "", key = "";
                double time = double.NaN, duration = 0;
                int segments = 0;
                foreach (string line in Get(track + "/media.m3u8"))
                {
                    if (line.StartsWith("#EXT-X-PROGRAM-DATE-TIME:", StringComparison.Ordinal))
                        time = (DateTimeOffset.Parse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture) - _channel.Start).TotalSeconds;
                    else if (line.StartsWith("#EXT-X-MAP:", StringComparison.Ordinal)) map = Address.Match(line).Groups[1].Value;
                    else if (line.StartsWith("#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,", StringComparison.Ordinal) && Format.Match(line).Groups[1].Value == "identity") key = Address.Match(line).Groups[1].Value;
                    else if (line.StartsWith("#EXTINF:", StringComparison.Ordinal)) duration = double.Parse(line[8..^1], CultureInfo.InvariantCulture);
                    if (line.Length == 0 || line[0] == '#') continue;
                    byte[] segment = Body($"{track}/{line}"), initialization = Body($"{track}/{map}");
                    kid = Convert.ToHexStringLower(Box(segment, "sgpd").AsSpan()[^16..]);
                    Convert.ToHexStringLower(Box(initialization, "tenc").AsSpan(16, 16)).Should().Be(kid);
                    key.Should().Be($"../keys/{kid}.key");
                    Body($"keys/{kid}.key").Should().HaveCount(16).And.Equal(LiveKeys.Find(kid, Tracks)!.Key);
                    double media = (double)BinaryPrimitives.ReadUInt64BigEndian(Box(segment, "tfdt").AsSpan(12)) / (track == "audio" ? 48000 : BinaryPrimitives.ReadUInt32BigEndian(Box(initialization, "mdhd").AsSpan(20)));
                    media.Should().BeApproximately(time, 0.05);
                    duration.Should().BeInRange(3.9, 4.4, "it is rounded to the target duration");
                    time += duration;
                    segments++;
                }

                segments.Should().BeGreaterThanOrEqualTo(9, "forty seconds are on offer");
            }
        }
    }

    [Fact]
    public void Sequence_numbers_follow_the_window()
    {
        string first = Numbered(Get("video-360/media.m3u8"))[Sequence(Get("video-360/media.m3u8"))];
        long before = Sequence(Get("video-360/media.m3u8"));
        for (int second = 0; second < 16; second++, _clock.Advance(TimeSpan.FromSeconds(1)))
        {
            string[] lines = Get("video-360/media.m3u8");
            Sequence(lines).Should().BeInRange(before, before + 4);
            if (Numbered(lines).TryGetValue(before, out string? same)) same.Should().Be(first, "a segment keeps its number");
        }
    }

    [Fact]
    public void What_is_over_is_listed_from_its_beginning_and_ends()
    {
        _clock.Advance(TimeSpan.FromSeconds(60));
        Get("master.m3u8", TimeSpan.FromSeconds(100)).Should().Contain("video-360/media.m3u8?end=100");
        string[] lines = Get("video-360/media.m3u8", TimeSpan.FromSeconds(100));
        lines.Should().Contain("#EXT-X-ENDLIST");
        Sequence(lines).Should().Be(0);
        lines.Count(static line => line.StartsWith("#EXTINF:", StringComparison.Ordinal)).Should().Be(25);
    }

    [Theory]
    [InlineData("keys/00000000000000000000000000000000.key")]
    [InlineData("keys/zz.key")]
    [InlineData("keys/")]
    [InlineData("moof/master.m3u8")]
    [InlineData("other/media.m3u8")]
    public void What_there_is_not_is_not_there(string path) => _channel.Answer(path, null, Host).Status.Should().Be(404);

    private static long Sequence(string[] lines) => long.Parse(lines.Single(static line => line.StartsWith("#EXT-X-MEDIA-SEQUENCE:", StringComparison.Ordinal))[22..], CultureInfo.InvariantCulture);

    private static Dictionary<long, string> Numbered(string[] lines)
    {
        long number = Sequence(lines);
        return lines.Where(static line => line.Length > 0 && line[0] != '#').ToDictionary(_ => number++);
    }

    private static byte[] Box(byte[] file, string type)
    {
        int at = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(type));
        at.Should().BePositive(type);
        return file[(at - 4)..(at - 4 + (int)BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at - 4)))];
    }

    private string[] Get(string path, TimeSpan? end = null)
    {
        LiveAnswer answer = _channel.Answer(path, end, Host);
        answer.Status.Should().Be(200, path);
        answer.ContentType.Should().Be("application/vnd.apple.mpegurl");
        return Encoding.UTF8.GetString(answer.Body).Split('\n');
    }

    private byte[] Body(string path)
    {
        LiveAnswer answer = _channel.Answer(path, null, Host);
        answer.Status.Should().Be(200, path);
        return answer.Body;
    }
}
