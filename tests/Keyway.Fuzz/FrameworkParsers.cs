using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Containers.TransportStream;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.PackedAudio;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Containers.TransportStream.Samples;
using Keyway.Containers.WebM;
using Keyway.Containers.WebM.Packing;
using Keyway.Containers.WebM.Structure;
using Keyway.Cpix;
using Keyway.Dash;
using Keyway.Decryption;
using Keyway.KeyFiles;
using Keyway.Licensing;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Recording;
using Keyway.Licensing.Secrets;
using Keyway.Manifests.Hls;
using Keyway.Manifests.Hls.Following;
using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Reading;
using Keyway.Manifests.Hls.Segments;
using Keyway.Manifests.Smooth;
using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Fragments;
using Keyway.Manifests.Smooth.Model;
using Keyway.Manifests.Smooth.Reading;
using Keyway.Manifests.Smooth.Segments;
using Keyway.Mp4;
using Keyway.Mp4.Boxes;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Fuzz;

/// <summary>The parsers of the framework.</summary>
internal static class FrameworkParsers
{
    private static readonly Uri Address = new("https://cdn.example/content/manifest.mpd");
    private static readonly Uri Playlist = new("https://cdn.example/content/list.m3u8?q=1");
    private static readonly HlsPlaylist Imported = M3u8Reader.Read(new SourceDocument { Content = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"x\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"u8.ToArray(), Origin = ContentOrigin.Of(Playlist) });
    private static readonly MediaPlaylist Previous = (MediaPlaylist)M3u8Reader.Read(new SourceDocument
    {
        Content = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na\n#EXTINF:4,\nb\n#EXTINF:4,\nc\n"u8.ToArray(),
        Origin = ContentOrigin.Of(Playlist),
    });
    private static readonly Lazy<RSA> Recipient = new(static () =>
    {
        RSA key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Cpix", "Vectors", "recipient.pem")));
        return key;
    });

    private static readonly Uri SmoothAddress = new("https://cdn.example/film.ism/Manifest");
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("mp4-inspect", SeedKind.Media, static bytes => Wait(Mp4Inspector.InspectAsync(new MemoryStream(bytes), "fuzz").AsTask())),
        new("mp4-decrypt", SeedKind.Media, static bytes => Decrypt(new MemoryStream(bytes))),
        new("mp4-decrypt-stream", SeedKind.Media, static bytes => Decrypt(Forward(bytes))),
        new("mp4-merge", SeedKind.Media, static bytes => Merge(new MemoryStream(bytes))),
        new("mp4-merge-stream", SeedKind.Media, static bytes => Merge(Forward(bytes))),
        new("ts-inspect", SeedKind.TransportStream, static bytes => TransportStreamInspector.Inspect(bytes, "fuzz")),
        new("ts-clear", SeedKind.TransportStream, ClearStream),
        new("ts-clear-in-place", SeedKind.TransportStream, ClearInPlace),
        new("ts-video-units", SeedKind.TransportStream, static bytes => ReadUnits(bytes, StreamCodec.Avc, StreamCodec.Hevc)),
        new("ts-audio-units", SeedKind.PackedAudio, static bytes => ReadUnits(bytes, StreamCodec.Aac, StreamCodec.EAc3)),
        new("ts-tables", SeedKind.TransportStream, ReadTables),
        new("ts-samples", SeedKind.TransportStream, static bytes => ReadSamples(new TsSampleReader(), bytes)),
        new("packed-audio-samples", SeedKind.PackedAudio, static bytes => ReadSamples(new PackedAudioSampleReader(), bytes)),
        new("packed-audio-inspect", SeedKind.PackedAudio, static bytes => TransportStreamInspector.Inspect(bytes, "fuzz")),
        new("packed-audio-clear", SeedKind.PackedAudio, ClearPackedAudio),
        new("ts-repack", SeedKind.TransportStream, Repack),
        new("packed-audio-repack", SeedKind.PackedAudio, Repack),
        new("webvtt-repack", SeedKind.Text, Repack),
        new("webm-repack", SeedKind.WebM, Repack),
        new("webm-clear", SeedKind.WebM, ClearWebM),
        new("webm-samples", SeedKind.WebM, static bytes => Merge(new WebMFragmentStream(Forward(bytes), "fuzz"))),
        new("webm-segments", SeedKind.WebM, ReadWebMSegments),
        new("segment-beginning", SeedKind.TransportStream, ReadBeginning),
        new("segment-cipher", SeedKind.PackedAudio, ReadEncrypted),
        new("key-file", SeedKind.Json, ReadKeyFile),
        new("pssh", SeedKind.Pssh, static bytes => PsshBox.TryReadAll(bytes, out _, out _)),
        new("mpd", SeedKind.Manifest, ReadManifest),
        new("m3u8", SeedKind.Playlist, ReadPlaylist),
        new("m3u8-periods", SeedKind.Playlist, CutPlaylist),
        new("m3u8-live", SeedKind.Playlist, FollowPlaylist),
        new("cpix", SeedKind.Cpix, ReadCpix),
        new("smooth", SeedKind.SmoothManifest, ReadSmooth),
        new("smooth-codec", SeedKind.SmoothCodec, ReadSmoothCodec),
        new("smooth-fragment", SeedKind.SmoothFragment, ReadSmoothFragment),
        new("playready-keys", SeedKind.Header, static bytes => PlayReadyKeys.Read(bytes)),
        new("pack", SeedKind.Pack, static bytes => ProviderPack.Read(bytes, "fuzz")),
        new("answer", SeedKind.Json, ReadAnswer),
        new("record", SeedKind.Record, ReadRecord),
    ];

    /// <summary>A record of exchanges, and each body that it says is sealed.</summary>
    private static void ReadRecord(byte[] bytes)
    {
        foreach (RecordedExchange exchange in LicenseRecord.Read(bytes).Exchanges)
            if (exchange.HasBody) exchange.OpenResponse(new byte[32]);
    }

    /// <summary>A segment on its way into MP4: what comes out is read as every segment is.</summary>
    private static void Repack(byte[] bytes)
    {
        TimelineSegment segment = new()
        {
            Address = Playlist,
            Duration = 4,
            Key = new SegmentKey { Method = SegmentKeyMethod.SampleAes, Uri = Playlist, InitializationVector = new byte[SegmentCipher.BlockSize], Place = "fuzz" },
        };
        // An initialisation segment of tables, and the rest behind it; or the whole.
        int head = bytes.Length > 0 ? bytes[0] == 'W' ? bytes.AsSpan().IndexOf("\n\n"u8) : Math.Min(bytes.Length, 2 * 188) : -1;
        RenditionCheck check = new(null);
        if (head > 0 && head < bytes.Length && bytes[^1] % 2 == 0 && SegmentRepacker.IsHead(bytes.AsSpan(0, head), "fuzz")) (check, bytes) = (new RenditionCheck(null) { Head = bytes.AsMemory(0, head) }, bytes[head..]);
        _ = check.TimeOf(bytes);
        if (!SegmentRepacker.Takes(bytes, check)) return;
        (Memory<byte> packed, _) = new SegmentRepacker(keys: null, ContentOrigin.Of(Playlist)).RepackAsync(segment, bytes, check, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        check.Examine(segment with { Duration = 0 }, packed);
    }

    private static void ClearWebM(byte[] bytes)
    {
        using RawMediaKeys keys = new();
        for (uint track = 1; track < 4; track++) keys.Add(track, new byte[16]);
        Wait(WebMDecryptor.DecryptAsync(Forward(bytes), "fuzz", keys, PipeWriter.Create(Stream.Null), new WebMDecryptOptions { AllowProtected = bytes.Length % 2 == 0 }).AsTask());
    }

    /// <summary>What stands before the first cluster as an initialisation segment, the rest as a segment of it; and the cues in between.</summary>
    private static void ReadWebMSegments(byte[] bytes)
    {
        int cues = bytes.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x1C, 0x53, 0xBB, 0x6B]), cluster = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x1F, 0x43, 0xB6, 0x75]);
        if (cues >= 0) CuesReader.TryRead(bytes.AsSpan(cues), cues, out _, out _);
        if (cluster < 0 || !WebMDecryptor.Begins(bytes)) return;
        RenditionCheck check = RenditionCheck.Of(bytes.AsSpan(0, cluster), "fuzz", out _, out _);
        check.Examine(new TimelineSegment { Address = Playlist }, check.WebM!.Pack(bytes.AsMemory(cluster), "fuzz"));
    }

    /// <summary>What decrypted segments begin with: as it is, and with its first block spoilt.</summary>
    private static void ReadBeginning(byte[] bytes)
    {
        byte[] clear = [.. bytes];
        _ = SegmentBeginning.Of(clear);
        for (int i = 0; i < Math.Min(SegmentCipher.BlockSize, clear.Length); i++) clear[i] ^= 0x5A;
        _ = SegmentBeginning.Of(clear);
    }

    /// <summary>A segment that is encrypted as a whole, or what claims to be one.</summary>
    private static void ReadEncrypted(byte[] bytes)
    {
        using RawKeyRing ring = Ring();
        if (ring.CreateDecryptor().TryLeaseSegment(default, new byte[SegmentCipher.BlockSize], out SegmentCipher? cipher) != DecryptStatus.Decrypted) return;
        using SegmentCipherStream stream = new(Forward(bytes), cipher!, "fuzz");
        Wait(stream.CopyToAsync(Stream.Null));
    }

    /// <summary>What servers send instead of keys, and what stands in addresses.</summary>
    private static void ReadKeyFile(byte[] bytes)
    {
        _ = KeyFileContent.WhyNoKey(bytes.AsSpan(0, Math.Min(bytes.Length, KeyFileLimits.AnswerBytes + 1)), Playlist);
        DataUri.TryRead("data:;base64," + Encoding.Latin1.GetString(bytes), out _);
        DataUri.TryRead("data:," + Encoding.Latin1.GetString(bytes), out _);
        InitializationData data = new() { Kind = InitializationDataKind.None, System = SystemIds.KeyFile, Payload = bytes };
        Try(() => new KeyFileSystem().ParseHeader(data));
    }

    private static void Decrypt(Stream input)
    {
        using RawMediaKeys keys = Keys();
        Wait(Mp4Decryptor.DecryptAsync(input, "fuzz", keys, PipeWriter.Create(Stream.Null), new Mp4DecryptOptions { MaxParallelFragments = 1 }).AsTask());
    }

    private static void Merge(Stream input)
    {
        using RawMediaKeys keys = Keys();
        Wait(TrackMerger.MergeAsync([new MergeInput { Input = input, Name = "fuzz", Keys = keys }], PipeWriter.Create(Stream.Null)).AsTask());
    }

    private static void ClearStream(byte[] bytes)
    {
        using RawKeyRing ring = Ring();
        using ClearTsWriter writer = new();
        PipeWriter output = PipeWriter.Create(Stream.Null);
        Wait(writer.WriteAsync(Forward(bytes), "fuzz", SampleAes(ring), output).AsTask());
        Wait(writer.FinishAsync(output).AsTask());
    }

    private static void ClearInPlace(byte[] bytes)
    {
        using RawKeyRing ring = Ring();
        ClearTsWriter.ClearInPlace([.. bytes], "fuzz", SampleAes(ring));
    }

    /// <summary>What PES packets carry, without the packets: what was changed in it is not lost in them.</summary>
    private static void ReadUnits(byte[] bytes, params ReadOnlySpan<StreamCodec> codecs)
    {
        // Behind the tags, or at the first start code.
        int start = Math.Max(0, Id3Tag.IsTag(bytes) ? Math.Min(bytes.Length, Id3Tag.LengthOf(bytes)) : bytes.AsSpan().IndexOf("\0\0\u0001\u0009"u8));
        foreach (StreamCodec codec in codecs)
        {
            foreach (bool isProtected in (ReadOnlySpan<bool>)[false, true])
            {
                using RawKeyRing ring = Ring();
                using SampleAesKey key = SampleAes(ring);
                using UnitBuilder builder = UnitBuilder.For(new StreamEntry { Pid = 256, Type = 0, Codec = codec, IsMarked = isProtected }, new StreamClock())!;
                try
                {
                    builder.IsWhole(bytes.AsSpan(start));
                    builder.Add([.. bytes[start..]], [new PesPart { Name = "fuzz", Packet = 1, Pts = 900, Dts = 900 }], isProtected ? key : null, isProtected, new UnitPlace("fuzz", 1, 256, 0));
                    builder.Finish();
                }
                catch (KeywayException)
                {
                }
            }
        }
    }

    /// <summary>Sections without their check, which hardly a change survives.</summary>
    private static void ReadTables(byte[] bytes)
    {
        byte[] section = bytes[Math.Min(bytes.Length, 5)..Math.Min(bytes.Length, 5 + TransportStreamLimits.SectionBytes)];
        ProgramAssociation.TryRead(section, []);
        ProgramMap.TryRead(section, out _)?.WriteClear(new byte[section.Length]);
        PesHeader.TryRead(bytes, out _);
        SectionRun run = new();
        for (int at = 0; at + TsPacket.Size <= bytes.Length; at += TsPacket.Size)
        {
            if (TsPacket.TryRead(bytes.AsSpan(at), out TsPacket packet) is not null || !packet.HasPayload) continue;
            run.Add(bytes.AsSpan(at)[packet.PayloadStart..TsPacket.Size], new PacketSlice(at, packet.PayloadStart), packet.BeginsUnit, out bool isComplete);
            if (isComplete) run.Clear();
        }
    }

    private static void ReadSamples(ISampleReader reader, byte[] bytes)
    {
        using RawKeyRing ring = Ring();
        using (reader)
        {
            Wait(reader.ReadAsync(Forward(bytes), "fuzz", SampleAes(ring)).AsTask());
            reader.Finish();
        }
    }

    private static void ClearPackedAudio(byte[] bytes)
    {
        using RawKeyRing ring = Ring();
        using ClearPackedAudioWriter writer = new();
        Wait(writer.WriteAsync(Forward(bytes), "fuzz", SampleAes(ring), PipeWriter.Create(Stream.Null)).AsTask());
    }

    /// <summary>The key that this checkout's own seeds have: with another one, most would be refused at once.</summary>
    private static RawKeyRing Ring()
    {
        RawKeyRing ring = new();
        ring.Add(default, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        return ring;
    }

    private static SampleAesKey SampleAes(RawKeyRing ring) => new(ring.CreateDecryptor().LeaseFragment(), default, [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);

    private static RawMediaKeys Keys()
    {
        RawMediaKeys keys = new();
        for (uint track = 1; track <= 4; track++) keys.Add(track, "0123456789abcdef"u8);
        return keys;
    }

    private static Stream Forward(byte[] bytes) => PipeReader.Create(new ReadOnlySequence<byte>(bytes)).AsStream();

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static void ReadAnswer(byte[] bytes)
    {
        using JsonDocument? document = BodyPath.TryParse(new ReadOnlySequence<byte>(bytes));
        if (document is null) return;
        foreach (string path in (string[])["keys.0.k", "keys.1.kid", "kids.0", "error.code", "type"])
        {
            if (BodyText.Find(document, path) is not { ValueKind: JsonValueKind.String } member) continue;
            using SecretBuffer buffer = new();
            BodyText.WriteText(member, buffer);
            BodyText.TextOf(member);
        }
    }

    /// <summary>A document, its rules, and its keys for the recipient that this checkout's own seeds are for.</summary>
    private static void ReadCpix(byte[] bytes)
    {
        using CpixDocument document = CpixDocument.Read(bytes, "fuzz");
        foreach (CpixContext context in (CpixContext[])[new(), new() { Kind = MediaKind.Video, Pixels = 1, Labels = [""], Time = Now, Offset = TimeSpan.Zero, PeriodIndex = 1 }]) Try(() => document.FindKey(context));
        Try(() => document.Unlock(Recipient.Value));
        using RawMediaKeys keys = new();
        Try(() => document.AddTo(keys));
    }

    private static void ReadPlaylist(byte[] bytes)
    {
        SourceDocument document = new() { Content = bytes, Origin = ContentOrigin.Of(Playlist) };
        HlsPlaylist playlist = M3u8Reader.Read(document, Imported.Variables, Previous);
        if (playlist is MultivariantPlaylist multivariant)
        {
            List<Rendition> renditions = HlsRenditions.Of(multivariant, new HlsLoader(new MediaSources(null, TimeProvider.System), document.Origin, multivariant.Variables), []);
            PresentationTimeline timeline = new() { Origin = document.Origin, Periods = [new TimelinePeriod { Path = "fuzz", Renditions = renditions }] };
            Try(() => TrackSelection.Choose(timeline));
        }

        if (playlist is not MediaPlaylist media) return;
        for (int i = 0; i < Math.Min(media.Segments.Count, 50); i++)
        {
            HlsSegment segment = media.Segments[i];
            ulong number = media.FirstNumber + (ulong)i;
            Try(() => SegmentKeys.Of(media, segment.Keys, number));
            Try(() => _ = segment.Map is { } map ? SegmentKeys.OfMap(media, map) : null);
            foreach (KeyTag key in segment.Keys) DataUri.TryRead(key.UriText, out _);
        }
    }

    private static void CutPlaylist(byte[] bytes)
    {
        if (M3u8Reader.Read(new SourceDocument { Content = bytes, Origin = ContentOrigin.Of(Playlist) }, Imported.Variables, Previous) is not MediaPlaylist media) return;
        foreach (PeriodCut cut in (PeriodCut[])[new PeriodCut([media, Previous]), new PeriodCut([Previous, media])])
        {
            PlaylistSlice[] slices = cut.Slice(media);
            for (int i = 0; i < Math.Min(cut.Count, 20); i++)
            {
                HlsSegmentList segments = new(media, slices[i], "fuzz", cut.IsAligned(media) ? cut.AnchorOf(i) : null);
                Try(() => _ = segments.Initialization);
                Try(() => _ = segments.Played().Take(50).Count());
                Try(() => segments.At(TimeSpan.FromSeconds(5), Now));
                Try(() => segments.Next(5, Now));
                Try(() => _ = segments.Range(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9)).Take(50).Count());
            }
        }
    }

    /// <summary>A live playlist whose next copy is anything.</summary>
    private static void FollowPlaylist(byte[] bytes)
    {
        if (M3u8Reader.Read(new SourceDocument { Content = bytes, Origin = ContentOrigin.Of(Playlist) }, Imported.Variables, Previous) is not MediaPlaylist media) return;
        foreach ((MediaPlaylist first, MediaPlaylist then) in ((MediaPlaylist, MediaPlaylist)[])[(Previous, media), (media, Previous)])
        {
            FollowedPlaylist followed = new(Playlist, first, Now), beside = new(Playlist, Previous, Now);
            LivePeriods periods = new();
            periods.Open([followed, beside]);
            foreach (MediaPlaylist next in (MediaPlaylist[])[then, first, then])
                followed.Take(new FollowedPlaylist.Answer(Now, null, IsDirected: false, next, null), Now, periods, static _ => { });
            foreach (LivePeriods.Boundary boundary in periods.Boundaries.Take(20))
            {
                HlsSegmentList segments = new(followed.Current, periods.Slice(followed.Placed, followed.Current, boundary), "fuzz", periods.AnchorOf(boundary)) { IsFollowed = true };
                Try(() => _ = segments.Played(Now).Take(50).Count());
                Try(() => segments.Newest(Now));
            }
        }
    }

    private static void ReadSmooth(byte[] bytes)
    {
        SourceDocument document = new() { Content = bytes, Origin = ContentOrigin.Of(SmoothAddress) };
        SmoothPresentation presentation = new(new MediaSources(null, TimeProvider.System), SmoothManifestReader.Read(document));
        PresentationTimeline timeline = presentation.ToTimeline();
        Try(() => TrackSelection.Choose(timeline));
        foreach (SegmentList segments in timeline.Periods[0].Renditions.Take(20).Select(static rendition => rendition.Segments))
        {
            _ = segments.Initialization;
            Try(() => _ = segments.Played(Now).Take(50).Count());
            Try(() => segments.At(TimeSpan.FromSeconds(5), Now));
            Try(() => segments.Next(5, Now));
            Try(() => segments.Newest(Now));
            Try(() => _ = segments.Range(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9)).Take(50).Count());
        }
    }

    private static void ReadSmoothCodec(byte[] bytes)
    {
        string[] words = Encoding.UTF8.GetString(bytes).Split(' ', 2);
        foreach (MediaKind kind in (MediaKind[])[MediaKind.Video, MediaKind.Audio])
        {
            SmoothQuality quality = new() { Path = "fuzz", Bitrate = 1, FourCC = words[0], CodecPrivateData = words[^1], SamplingRate = 48000, Channels = 2 };
            CodecReader.Read(new SmoothStream { Path = "fuzz", Kind = kind, Name = "fuzz", Timescale = 1 }, quality, out _);
        }
    }

    /// <summary>A fragment on its way to its reader: its initialisation segment is written of it, and it is compared with that.</summary>
    private static void ReadSmoothFragment(byte[] bytes)
    {
        SmoothQuality quality = new() { Path = "fuzz", Bitrate = 1, SamplingRate = 48000, Channels = 2 };
        SmoothStream stream = new() { Path = "fuzz", Kind = MediaKind.Audio, Name = "fuzz", Timescale = 12800 };
        TrackFacts facts = new() { IsVideo = bytes.Length % 2 == 0, Told = new ChunkFeed(new ChunkRuns([new ChunkRun(0, 5, 3)]), isLive: true).Take };
        FragmentHeadReader reader = new(Forward(bytes));
        if (reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is not { } head) return;
        byte[]? initialization = InitializationWriter.Write(CodecReader.Read(stream, quality, out _)!, stream, [], head, out bool isProtected, out _);
        if (initialization is null) return;
        facts.IsProtected = isProtected;
        FragmentOpening opening = new(facts, new FragmentTime(5120, 1536));
        using Stream opened = opening.OpenAsync("fuzz", () => new(Forward(bytes)), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        using MemoryStream whole = new();
        Wait(opened.CopyToAsync(whole));
        RenditionCheck.Of(initialization, "fuzz", out _, out _).Examine(new TimelineSegment { Address = SmoothAddress }, whole.ToArray());
    }

    private static void Try(Action read)
    {
        try
        {
            read();
        }
        catch (KeywayException)
        {
        }
    }

    private static void ReadManifest(byte[] bytes)
    {
        Manifest manifest = ManifestReader.Read(bytes, Address);
        foreach (Representation representation in manifest.Periods.SelectMany(static period => period.AdaptationSets).SelectMany(static set => set.Representations).Take(50))
        {
            RepresentationSegments segments = representation.Segments;
            Try(() => _ = segments.Initialization);
            Try(() => segments.Count(Now));
            Try(() => _ = segments.Enumerate(Now).Take(50).Count());
            Try(() => _ = segments.BaseAddress);
        }
    }
}
