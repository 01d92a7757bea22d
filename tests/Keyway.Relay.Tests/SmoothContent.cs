using System.Globalization;
using System.Text;
using Keyway.Manifests.Smooth;
using Keyway.Protection;
using Keyway.Testing;

namespace Keyway.Relay;

/// <summary>The bundled sample behind a manifest of Smooth Streaming, in memory.</summary>
internal static class SmoothContent
{
    private static readonly (string Track, int Bitrate, string Key)[] Tracks =
    [
        ("video-360", 300_000, "d2aca19319b8ca2fa0315b7842893e3a"), ("video-180", 90_000, "e4c06923e61b099ad7346945b908a3af"), ("audio", 55_000, "c5d31c60dee014a6f849c8f291262343"),
    ];

    /// <summary>Adds all fragments, and a manifest of some of them.</summary>
    /// <param name="keyway">Where to.</param>
    /// <param name="first">The number of the first, from 1.</param>
    /// <param name="last">The number of the last, up to 5.</param>
    /// <param name="isLive">Whether more will follow.</param>
    public static Uri Add(TestKeyway keyway, int first = 1, int last = 5, bool isLive = false)
    {
        foreach ((string track, int bitrate, _) in Tracks)
        {
            for (int number = 1; number <= 5; number++)
            {
                byte[] segment = Sample($"{track}/{number}.m4s");
                string name = string.Create(CultureInfo.InvariantCulture, $"film.ism/QualityLevels({bitrate})/Fragments({(track == "audio" ? "audio" : "video")}={Piff.TimeOf(segment).Time})");
                keyway.AddContent(name, new Piff { Own = KeyOf(track) }.Wrap(segment));
            }
        }

        string header = Convert.ToBase64String(new PsshBox { Version = 1, System = SystemIds.Common, KeyIds = [.. Tracks.Select(static track => KeyOf(track.Track))] }.Box.Span);
        string text = $"""
            <SmoothStreamingMedia MajorVersion="2" MinorVersion="1" {(isLive ? "Duration=\"0\" IsLive=\"TRUE\" LookAheadFragmentCount=\"0\" DVRWindowLength=\"200000000\"" : "Duration=\"200000000\"")}>
              <Protection><ProtectionHeader SystemID="{SystemIds.Common}">{header}</ProtectionHeader></Protection>
              <StreamIndex Type="video" Name="video" TimeScale="12800" QualityLevels="2" Url="{Url("video")}">{Video(0)}{Video(1)}{Chunks("video-180")}</StreamIndex>
              <StreamIndex Type="audio" Name="audio" TimeScale="48000" QualityLevels="1" Url="{Url("audio")}">
                <QualityLevel Index="0" Bitrate="55000" FourCC="AACL" SamplingRate="48000" Channels="2" BitsPerSample="16" PacketSize="4" AudioTag="255" CodecPrivateData="1190" />{Chunks("audio")}</StreamIndex>
            </SmoothStreamingMedia>
            """;
        return keyway.AddContent("film.ism/Manifest", Encoding.UTF8.GetBytes(text));

        string Chunks(string track) => string.Concat(Enumerable.Range(first, last - first + 1).Select(number => Piff.TimeOf(Sample($"{track}/{number}.m4s")) is var (time, duration) ? $"<c t=\"{time}\" d=\"{duration}\" />" : ""));
    }

    public static byte[] Sample(string path) => File.ReadAllBytes(Path.Combine(RelayBench.Root, "samples", "cenc", path));

    private static string Url(string type) => $"QualityLevels({{bitrate}})/Fragments({type}={{start time}})";

    private static string Video(int index) =>
        $"<QualityLevel Bitrate=\"{Tracks[index].Bitrate}\" FourCC=\"H264\" MaxWidth=\"{(index == 0 ? 640 : 320)}\" MaxHeight=\"{(index == 0 ? 360 : 180)}\" CodecPrivateData=\"{Piff.ParameterSets(Sample($"{Tracks[index].Track}/init.mp4"))}\" />";

    private static KeyId KeyOf(string track) => KeyId.TryParse(Tracks.Single(each => each.Track == track).Key, out KeyId id) ? id : throw new ArgumentException(track);
}
