using System.Text;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Fuzz;

/// <summary>What is changed: the samples of this checkout, a few texts, and the corpus of other projects where it is beside the checkout.</summary>
internal sealed class SeedCorpus
{
    private const int Largest = 96 << 10;

    private readonly Dictionary<SeedKind, List<byte[]>> _seeds = [];

    private SeedCorpus()
    {
    }

    public static SeedCorpus Load(bool shared)
    {
        SeedCorpus corpus = new();
        corpus.AddTree(Path.Combine(Corpus.Root, "samples"));
        corpus.AddTree(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "ts"));
        corpus.AddTree(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Cpix", "Vectors"));
        if (shared && Corpus.Shared is { } folder) corpus.AddTree(Path.Combine(folder, "corpus"));
        foreach (string text in Texts) corpus.Add(SeedKind.Json, Encoding.UTF8.GetBytes(text));
        foreach (string record in Records) corpus.Add(SeedKind.Record, Encoding.UTF8.GetBytes(record));
        foreach (string text in Cues) corpus.Add(SeedKind.Text, Encoding.UTF8.GetBytes(text));
        corpus.Add(SeedKind.WebM, Convert.FromBase64String(WebM));
        foreach (string playlist in Playlists) corpus.Add(SeedKind.Playlist, Encoding.UTF8.GetBytes(playlist));
        foreach (string manifest in SmoothManifests) corpus.Add(SeedKind.SmoothManifest, Encoding.UTF8.GetBytes(manifest));
        foreach (string fragment in SmoothFragments) corpus.Add(SeedKind.SmoothFragment, Convert.FromBase64String(fragment));
        foreach (string frames in CdmFrames) corpus.Add(SeedKind.CdmFrames, Convert.FromBase64String(frames));
        foreach (string codec in SmoothCodecs) corpus.Add(SeedKind.SmoothCodec, Encoding.UTF8.GetBytes(codec));
        foreach (string pack in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "framework", "Keyway", "Licensing", "Packs"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            corpus.Add(SeedKind.Pack, File.ReadAllBytes(pack));
        return corpus;
    }

    public IReadOnlyList<byte[]> Of(SeedKind kind) => _seeds.TryGetValue(kind, out List<byte[]>? seeds) ? seeds : [[]];

    private static readonly string[] Records =
    [
        """{"log":{"version":"1.2","creator":{"name":"Keyway","version":"0"},"_keyway":{"record":1,"bodies":"sealed","dropped":3},"entries":[{"startedDateTime":"2026-01-01T00:00:00Z","time":1.5,"request":{"method":"POST","url":"https://a.example/l?t=redacted-00000000","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"X","value":"redacted-00000000"}],"queryString":[],"postData":{"mimeType":"application/json","text":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","_encoding":"keyway-sealed"},"headersSize":-1,"bodySize":3},"response":{"status":200,"content":{"size":5,"mimeType":"text/plain","text":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","encoding":"keyway-sealed"},"redirectURL":""},"cache":{},"timings":{"send":0,"wait":1,"receive":0},"_keyway":{"session":"1","exchange":1,"attempt":0,"kind":"license","keySystem":"widevine","provider":"acme","failure":"network","providerCode":"127"}}]}}""",
        """{"log":{"entries":[{"request":{"method":"GET","url":"https://a.example/"},"response":{"status":404}},{"request":{"method":"POST","url":"https://a.example/x","bodySize":-1},"response":{"status":0,"bodySize":7}}]}}""",
    ];

    private static readonly string[] Texts =
    [
        """{"provider":"widevine_test","content_id":"ZmlsbQ==","key_ids":["31323334353637383930313233343536"],"kids":["MTIzNDU2Nzg5MDEyMzQ1Ng"]}""",
        """{"kids":["0qyjGTG4yi-6MVt4QokI4g","AAAAAAAAAAAAAAAAAAAAAQ"],"type":"temporary"}""",
        """{"keys":[{"kty":"oct","kid":"0qyjGTG4yi-6MVt4QokI4g","k":"MDEyMzQ1Njc4OWFiY2RlZg"},{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZg","kid":"AAAAAAAAAAAAAAAAAAAAAQ","alg":"A128KW"}],"type":"persistent-license"}""",
    ];

    /// <summary>Pictures of VP9, whole, clear and partitioned; Opus; laced frames of Vorbis; cues.</summary>
    private const string WebM =
        """
        GkXfo5dChoEBQvKBBELzgQhCgoR3ZWJtQoWBAhhTgGcBAAAAAAACHRFNm3SRTbuOU6uEHFO7a1OshAAAAREVSalmjirXsYMPQkBEiYREegAAFlSua0DirtPXgQGDgQGGhVZfVlA54JGwgUC6gSRVsIhVsoEKVbGB
        CW2AsGJArVAxgQBQMoEBUDOBAVA1nkfhgQVH4pAxMjM0NTY3ODkwMTIzNDU2R+eER+iBAa7w14ECg4EChoZBX09QVVNWqoNjLqAj44OEATEtAGOik09wdXNIZWFkAQI4AYC7AAAAAADhiZ+BArWERzuAAG2AsGJA
        rVAxgQBQMoEBUDOBAVA1nkfhgQVH4pAxMjM0NTY3ODkwMTIzNDU2R+eER+iBAa6Z14EDg4EChohBX1ZPUkJJU2OihgIBAQECAxxTu2uhu46zgQC3ifeBAfGEAAABN7uPs4IB9LeJ94EB8YQAAAHIH0O2dQEAAAAA
        AACF54EAo5mBAACAAAABAgMEBQYHCAkKCwwNDg8QERITo7SBACEAAwABAgMEBQYHAgAAAAQAAAAKAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdo52CAACAAQABAgMEBQYHAAECAwQFBgcICQoLDA0OD6OQ
        gwAFggIDBAAAAAAAAAAAAB9DtnUBAAAAAAAASeeCAfSgoqGagQAAAAMAAQIDBAUGBwAAAAAAAAAAAAAAAACbgSH7gQGjkIMACYYCg8AAAAAAAAAAAACjjYMAE4QBAAAAAAAAAAA=
        """;

    private static readonly string[] Cues =
    [
        """
        WEBVTT a title
        X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000

        STYLE
        ::cue { color: red }

        first
        00:00:01.000 --> 00:00:03.500 line:0 align:start
        <b>One</b>

        00:02.000 --> 00:00:05.000
        Two
        lines
        00:00:04.000 --> 00:00:06.000
        Three
        """,
    ];

    private static readonly string[] Playlists =
    [
        """
        #EXTM3U
        #EXT-X-DEFINE:NAME="p",VALUE="x"
        #EXT-X-DEFINE:QUERYPARAM="q"
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n",LANGUAGE="en",DEFAULT=YES,URI="{$p}/a.m3u8"
        #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://1",KEYFORMAT="com.apple.streamingkeydelivery"
        #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"
        v.m3u8?{$q}
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI="i.m3u8"
        #EXT-X-IMAGE-STREAM-INF:BANDWIDTH=100,URI="data:,x"
        #EXT-X-STREAM-INF:BANDWIDTH=2000
        skd:x
        """,
        """
        #EXTM3U
        #EXT-X-VERSION:9
        #EXT-X-TARGETDURATION:4
        #EXT-X-MEDIA-SEQUENCE:101
        #EXT-X-DISCONTINUITY-SEQUENCE:3
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,HOLD-BACK=12
        #EXT-X-PART-INF:PART-TARGET=0.5
        #EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES="a"
        #EXT-X-DEFINE:IMPORT="p"
        #EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=30
        #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
        #EXT-X-KEY:METHOD=AES-128,URI="{$p}/k",IV=0x3334353637383930
        #EXT-X-MAP:URI="i.mp4",BYTERANGE="720@0"
        #EXTINF:4.004,
        #EXT-X-BYTERANGE:100@720
        f.mp4
        #EXTINF:4,
        #EXT-X-BYTERANGE:100
        f.mp4
        #EXT-X-DISCONTINUITY
        #EXT-X-KEY:METHOD=NONE
        #EXT-X-PART:DURATION=0.5,URI="p.mp4",INDEPENDENT=YES
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI="q.mp4"
        #EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=102
        """,
    ];

    private static readonly string[] SmoothFragments =
    [
        "AAABMW1vb2YAAAAQbWZoZAAAAAAAAAABAAABGXRyYWYAAAAUdGZoZAAAACAAAAABAQEAAAAAADB0cnVuAAADBQAAAAMAAAE5AgAAAAAAAgAAAAAUAAACAAAAAB4AAAIAAAAAGQAAAGR1dWlkojlPUlqbTxSiRGxCfGSN9AAAAAMAAAEIAAECAwQFBgcICQoLDA0ODwAAAAMAAAAAAAAAZAABAAQAAAAQAAAAAAAAAGUAAQAEAAAAGgAAAAAAAABmAAEABAAAABUAAAAsdXVpZG0dmwVC1UTmgOIUHa/3V7IBAAAAAAAAAAAAFAAAAAAAAAAGAAAAAD11dWlk1IB+8so5RpWOVCbLnkannwEAAAACAAAAAAAAGgAAAAAAAAAGAAAAAAAAACAAAAAAAAAABgAAAABTbWRhdAAHDhUcIyoxOD9GTVRbYmlwd36FjJOaoaivtr3Ey9LZ4Ofu9fwDChEYHyYtNDtCSVBXXmVsc3qBiI+WnaSrsrnAx87V3OPq8fj/Bg==",
        "AAABSW1vb2YAAAAQbWZoZAAAAAAAAAABAAABMXRyYWYAAAAkdGZoZAAAADkAAAABAAAAAAAB4kAAAAIAAAAAAAEBAAAAAAAcdHJ1bgAAAgAAAAADAAAAFAAAAB4AAAAZAAAAUHV1aWSiOU9SWptPFKJEbEJ8ZI30AAAAAgAAAAMAAAAAAAAAZAABAAQAAAAQAAAAAAAAAGUAAQAEAAAAGgAAAAAAAABmAAEABAAAABUAAAAwdXVpZIl0285750xRhPlxSPmIJVQAAAAAAAABCAABAgMEBQYHCAkKCwwNDg8AAAAsdXVpZG0dmwVC1UTmgOIUHa/3V7IBAAAAAAAAAAAAFAAAAAAAAAAGAAAAAD11dWlk1IB+8so5RpWOVCbLnkannwEAAAACAAAAAAAAGgAAAAAAAAAGAAAAAAAAACAAAAAAAAAABgAAAABTbWRhdAAHDhUcIyoxOD9GTVRbYmlwd36FjJOaoaivtr3Ey9LZ4Ofu9fwDChEYHyYtNDtCSVBXXmVsc3qBiI+WnaSrsrnAx87V3OPq8fj/Bg==",
    ];

    /// <summary>What a CDM's process says: coming up and a session; coming up, samples, files and its last word; a session and all that.</summary>
    private static readonly string[] CdmFrames =
    [
        "GwAAAAECAAAAAAEAAABNAAAACQAAAGxpbnV4IHg2NCgAAAABAQEAAAALAAAACwAAADQuMTAuMjg5MS4wAQAAAAcAAABzZWNjb21wBwAAAAIBAgAAAAEVAAAAAgIAAAAAAQAAADEAAAAAAgAAAAgEDAAAAAMBAwAAAAEBAAAAMTkAAAADAgAAAAABAAAAMQECAAAAEAAAAAABAgMEBQYHCAkKCwwNDg8AAAAAAAAAAAEAAABrAgAAAAcAAAATAAAABAIAAAAAAQAAADEAAADA7E/cQQYAAAAEAQUAAAAQAAAAAwIAAAAAAQAAADIAAAAAAAsAAAAFAgAAAAABAAAAMQ==",
        "GwAAAAECAAAAAAEAAABNAAAACQAAAGxpbnV4IHg2NCgAAAABAQEAAAALAAAACwAAADQuMTAuMjg5MS4wAQAAAAcAAABzZWNjb21wBwAAAAIBAgAAAAEWAAAABwEJAAAAAAAAAAMAAAA5MAAAAAAAABQAAAAFAQQAAAAAAAAANBIAAAIAAABubwoAAAAGAQYAAAADAAAABgAAAAgBBwAAAAYAAAAJAQgAAAAPAAAABgIpAAAABQAAAGluZGV4BgAAAAcCKQAAABEAAAAIAikAAAAHAAAAY29udGVudAYAAAAJAikAAAASAAAACgIAAAAAAQAAAAAAAAAAAAAAHQAAAAsCAAAAAAkAAAAPAAAAaXQgY2Fubm90IGdvIG9u",
        "FQAAAAICAAAAAAEAAAAxAAAAAAIAAAAIBAwAAAADAQMAAAABAQAAADE5AAAAAwIAAAAAAQAAADEBAgAAABAAAAAAAQIDBAUGBwgJCgsMDQ4PAAAAAAAAAAABAAAAawIAAAAHAAAAEwAAAAQCAAAAAAEAAAAxAAAAwOxP3EEGAAAABAEFAAAAEAAAAAMCAAAAAAEAAAAyAAAAAAALAAAABQIAAAAAAQAAADEWAAAABwEJAAAAAAAAAAMAAAA5MAAAAAAAABQAAAAFAQQAAAAAAAAANBIAAAIAAABubwoAAAAGAQYAAAADAAAABgAAAAgBBwAAAAYAAAAJAQgAAAAPAAAABgIpAAAABQAAAGluZGV4BgAAAAcCKQAAABEAAAAIAikAAAAHAAAAY29udGVudAYAAAAJAikAAAASAAAACgIAAAAAAQAAAAAAAAAAAAAAHQAAAAsCAAAAAAkAAAAPAAAAaXQgY2Fubm90IGdvIG9u",
    ];

    /// <summary>A FourCC, and the digits of what sets up its codec.</summary>
    private static readonly string[] SmoothCodecs =
    [
        "H264 000000016764001fac3ca50280bfe5c050808080a000000300200000065c0800186a0000927c7e27c1400000000168ef7525",
        "HVC1 0000000140010C01FFFF01600000030090000003000003003C9598090000000142010101600000030090000003000003003CA00D080F165959A4932BC05A020000030002000003003210000000014401C172B46240",
        "AACL 1190",
        "AACH 2B118800",
        "EC-3 00063F000000AF87FBA7022DFB42A4D405CD93843BDD0300200200",
        "AC-3 00063F0000002C806DE046DBCF11B4D100805F6CBBEA1008C0",
    ];

    private static readonly string[] SmoothManifests =
    [
        """
        <?xml version="1.0" encoding="utf-8"?>
        <SmoothStreamingMedia MajorVersion="2" MinorVersion="2" Duration="0" TimeScale="10000000" IsLive="TRUE" LookAheadFragmentCount="2" DVRWindowLength="600000000">
          <Protection><ProtectionHeader SystemID="{1077EFEC-C0B2-4D02-ACE3-3C1E52E2FB4B}">AAECAwQFBgcICQoLDA0ODw==</ProtectionHeader></Protection>
          <StreamIndex Type="video" Name="video" Chunks="5" QualityLevels="2" TimeScale="12800" Url="QualityLevels({bitrate},{CustomAttributes})/Fragments(video={start time})">
            <QualityLevel Index="0" Bitrate="90000" FourCC="H264" MaxWidth="320" MaxHeight="180" NALUnitLengthField="4" CodecPrivateData="000000016764001fac3ca50280bfe5c050808080a000000300200000065c0800186a0000927c7e27c1400000000168ef7525">
              <CustomAttributes><Attribute Name="a" Value="1"/></CustomAttributes>
            </QualityLevel>
            <QualityLevel Index="1" Bitrate="300000" FourCC="WVC1" CodecPrivateData="00"/>
            <c t="51200" d="51200" r="3"/><c/><c t="256000" d="51200" r="-1"/>
          </StreamIndex>
          <StreamIndex Type="audio" Name="audio" Language="eng" Url="QualityLevels({bitrate})/Fragments(audio={start_time})">
            <QualityLevel Bitrate="55000" FourCC="AACL" SamplingRate="48000" Channels="2" AudioTag="255" CodecPrivateData=""/>
            <c t="40000000" d="20053333"/><c d="20053334"/><c n="2" t="80000000" d="19840000"><f i="0">AAAA</f></c>
          </StreamIndex>
          <StreamIndex Type="text" Subtype="CAPT" ParentStreamIndex="video" Url="{bitrate}/{start time}"><QualityLevel Bitrate="1" FourCC="TTML"/><c d="1" r="9"/></StreamIndex>
        </SmoothStreamingMedia>
        """,
    ];

    private void AddTree(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            SeedKind kind = Path.GetExtension(file) switch
            {
                ".mp4" or ".m4s" or ".cmfv" or ".cmfa" or ".bin" or ".ismv" => SeedKind.Media,
                ".mpd" => SeedKind.Manifest,
                ".m3u8" => SeedKind.Playlist,
                ".webm" => SeedKind.WebM,
                ".ism" => SeedKind.SmoothManifest,
                ".ts" => SeedKind.TransportStream,
                ".aac" or ".ac3" or ".ec3" => SeedKind.PackedAudio,
                ".json" when file.Contains("corpus", StringComparison.Ordinal) => SeedKind.Json,
                ".xml" when file.Contains("cpix", StringComparison.OrdinalIgnoreCase) => SeedKind.Cpix,
                ".xml" => SeedKind.License,
                ".txt" or ".b64" => SeedKind.Header,
                _ => SeedKind.None,
            };
            bool mayBeCut = kind is SeedKind.Media or SeedKind.TransportStream or SeedKind.PackedAudio or SeedKind.WebM;
            if (kind == SeedKind.None || (!mayBeCut && new FileInfo(file).Length > Largest)) continue;
            byte[] bytes = File.ReadAllBytes(file);
            if (kind == SeedKind.Header) AddText(bytes);
            else if (kind == SeedKind.Media) AddMedia(file, bytes);
            else Add(kind, bytes[..Math.Min(bytes.Length, Largest)]);
        }
    }

    private void AddMedia(string file, byte[] bytes)
    {
        if (Path.GetFileName(file) == "init.mp4" && Path.Combine(Path.GetDirectoryName(file)!, "1.m4s") is { } first && File.Exists(first)) bytes = [.. bytes, .. File.ReadAllBytes(first)];
        Add(SeedKind.Media, bytes[..Math.Min(bytes.Length, Largest)]);      // a cut file is a seed as good as a whole one
        try
        {
            Mp4Inspection inspection = Mp4Inspector.InspectAsync(new MemoryStream(bytes), file, headOnly: true).AsTask().GetAwaiter().GetResult();
            foreach (Mp4ProtectionBox box in inspection.Protection)
            {
                byte[] data = box.Box.Data.ToArray();
                Add(SeedKind.Header, data);
                Add(SeedKind.Pssh, [0, 0, 0, (byte)(32 + data.Length), .. "pssh"u8, 0, 0, 0, 0, .. box.Box.System.Value.ToByteArray(bigEndian: true), 0, 0, (byte)(data.Length >> 8), (byte)data.Length, .. data]);
            }
        }
        catch (KeywayException)
        {
        }
    }

    private void AddText(byte[] text)
    {
        string trimmed = Encoding.UTF8.GetString(text).Trim();
        byte[] raw = new byte[trimmed.Length];
        if (!Convert.TryFromBase64String(trimmed, raw, out int length)) return;
        Add(SeedKind.Header, raw[..length]);
        Add(SeedKind.Pssh, raw[..length]);
    }

    private void Add(SeedKind kind, byte[] bytes)
    {
        if (!_seeds.TryGetValue(kind, out List<byte[]>? list)) _seeds.Add(kind, list = []);
        list.Add(bytes);
    }
}
