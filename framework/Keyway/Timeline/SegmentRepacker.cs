using Keyway.Containers.TransportStream;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.PackedAudio;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Containers.TransportStream.Samples;
using Keyway.Containers.WebM;
using Keyway.Containers.WebM.Packing;
using Keyway.Containers.WebVtt;
using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>
/// Puts segments of transport streams, packed audio and WebM into MP4, each by itself: everybody who reads samples reads those. What SAMPLE-AES protects stays so, as
/// <c>cbcs</c> says the same (ISO/IEC 23001-7, 10.4), and what WebM encrypts as <c>cenc</c>: whoever reads the samples asks for their key.
/// </summary>
/// <param name="keys">What opens segments; <see langword="null"/>: nothing does.</param>
/// <param name="origin">Where the playlist came from.</param>
/// <remarks>Threads: any, several at once.</remarks>
internal sealed class SegmentRepacker(ISegmentKeys? keys, ContentOrigin origin)
{
    /// <summary>Whether a segment has to be repacked.</summary>
    /// <param name="segment">Its bytes.</param>
    /// <param name="check">What is known of its rendition.</param>
    public static bool Takes(ReadOnlySpan<byte> segment, RenditionCheck check) =>
        check.WebM is not null || WebMDecryptor.Begins(segment) || KindOf(segment) != ContainerKind.None || WebVttSegment.Begins(segment) || (WebVttSegment.Begins(check.Head.Span) && WebVttSegment.MayGoOn(segment));

    /// <summary>
    /// Whether an initialisation segment is what segments of another container than MP4 begin with: tables of a transport stream, the header of WebVTT (RFC 8216, 3.2 and 3.4; 8216bis, 3.1).
    /// </summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is, and is more than that.</exception>
    public static bool IsHead(ReadOnlySpan<byte> bytes, string name)
    {
        ContainerKind kind = KindOf(bytes);
        if (kind == ContainerKind.None && !WebVttSegment.Begins(bytes)) return false;
        if (ContainerSniffer.Problem(kind) is { } problem) throw new MediaFormatException(name, new FormatError(problem, "", 0));
        if (bytes.Length > TimelineLimits.HeadBytes) throw new MediaFormatException(name, new FormatError($"the initialisation segment has more than {TimelineLimits.HeadBytes} bytes, which are not taken of tables or of a header", "", 0));
        if (kind is not (ContainerKind.None or ContainerKind.TransportStream)) throw new MediaFormatException(name, new FormatError("packed audio has no initialisation segment", "", 0));
        for (int at = 0; kind == ContainerKind.TransportStream && at + TsPacket.Size <= bytes.Length; at += TsPacket.Size)
        {
            if (TsPacket.TryRead(bytes.Slice(at, TsPacket.Size), out TsPacket packet) is { } damage) throw new MediaFormatException(name, new FormatError(damage, "", at));
            if (packet.BeginsUnit && packet.HasPayload && bytes[(at + packet.PayloadStart)..(at + TsPacket.Size)].StartsWith((ReadOnlySpan<byte>)[0, 0, 1]))
                throw new MediaFormatException(name, new FormatError($"the initialisation segment has media (PID 0x{packet.Pid:X}), and should have tables only", "", at));
        }

        return true;
    }

    /// <summary>Makes what segments begin with say no more that something is protected: tables of a transport stream. It stays as long as it is.</summary>
    /// <param name="head">All of it, changed in place.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    public static void ClearHead(Span<byte> head, string name)
    {
        if (KindOf(head) == ContainerKind.TransportStream) ClearTsWriter.ClearInPlace(head, name, key: null);
    }

    private static ContainerKind KindOf(ReadOnlySpan<byte> segment) => ContainerSniffer.Recognize(segment[..Math.Min(segment.Length, ContainerSniffer.Enough)]);

    /// <summary>Makes a segment clear where it lies, in its own container.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="head">What stands before it elsewhere (<see cref="RenditionCheck.Head"/>).</param>
    /// <param name="lease">What opens its samples; <see langword="null"/>: none are protected. Ownership: taken.</param>
    /// <exception cref="MediaFormatException">It is malformed, or a sample cannot be decrypted.</exception>
    public static void ClearInPlace(TimelineSegment segment, Span<byte> bytes, ReadOnlySpan<byte> head, IFragmentDecryptor? lease)
    {
        SampleAesKey? key = lease is null ? null : new SampleAesKey(lease, segment.Key!.Id, segment.Key.InitializationVector.Span);
        if (KindOf(bytes) == ContainerKind.TransportStream) ClearTsWriter.ClearInPlace(bytes, segment.Name, key, HasTables(bytes) ? default : head);
        else if (KindOf(bytes) != ContainerKind.None) ClearPackedAudioWriter.ClearInPlace(bytes, segment.Name, key);
    }

    /// <summary>When the samples of a segment begin to be decoded, by its first bytes.</summary>
    /// <param name="beginning">The first bytes.</param>
    /// <param name="wanted">Of which of its tracks; <see langword="null"/>: of the first.</param>
    /// <returns><see langword="null"/>: it is something else, or does not say.</returns>
    public static MediaBase? TimeOf(ReadOnlySpan<byte> beginning, MediaKind? wanted)
    {
        if (beginning.Length >= Id3Tag.Head && Id3Tag.IsTag(beginning))
        {
            int length = Id3Tag.LengthOf(beginning);
            return length <= beginning.Length && Id3Tag.Read(beginning[..length]) is { Timestamp: >= 0 and var time } ? new MediaBase((ulong)time, Pts.Scale) : null;
        }

        if (KindOf(beginning) != ContainerKind.TransportStream) return null;
        for (int at = 0; at + TsPacket.Size <= beginning.Length; at += TsPacket.Size)
        {
            ReadOnlySpan<byte> packet = beginning.Slice(at, TsPacket.Size);
            bool begins = (packet[1] & 0x40) != 0, hasField = (packet[3] & 0x20) != 0, hasPayload = (packet[3] & 0x10) != 0;
            int start = hasField ? 5 + packet[4] : 4;
            if (!begins || !hasPayload || start >= packet.Length || PesHeader.TryRead(packet[start..], out PesHeader header) is not null || header.Dts < 0) continue;
            MediaKind kind = packet[start + 3] is >= 0xE0 and <= 0xEF ? MediaKind.Video : MediaKind.Audio;
            if (wanted is null || kind == wanted) return new MediaBase((ulong)header.Dts, Pts.Scale);
        }

        return null;
    }

    /// <summary>What is in transport streams, by the tables at the beginning of one.</summary>
    /// <param name="beginning">The first bytes.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="notes">Takes what is there and is not read.</param>
    /// <returns>Nothing where it is something else than a transport stream, or says nothing there.</returns>
    /// <exception cref="MediaFormatException">It is malformed.</exception>
    public static IReadOnlyList<MediaKind> KindsOf(ReadOnlySpan<byte> beginning, string name, ICollection<string> notes)
    {
        if (KindOf(beginning) != ContainerKind.TransportStream) return [];
        IReadOnlyList<InspectedStream> streams = TransportStreamInspector.Inspect(beginning, name).Streams;
        foreach (InspectedStream other in streams.Where(static stream => stream.Codec == StreamCodec.OtherMedia)) notes.Add($"{name}: the stream of PID 0x{other.Pid:X} is of type 0x{other.Type:X2}, which is not read");
        return [.. streams.Where(static stream => stream.Codec is > StreamCodec.None and < StreamCodec.Id3).Select(static stream => KindOf(stream.Codec)).Distinct()];
    }

    /// <summary>Repacks a segment.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="bytes">All of it. Not changed.</param>
    /// <param name="check">What is known of its rendition.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A segment that describes itself, and what should be known of it.</returns>
    /// <exception cref="MediaFormatException">It is malformed, or has no such track.</exception>
    public async ValueTask<(Memory<byte> Bytes, string? Note)> RepackAsync(TimelineSegment segment, ReadOnlyMemory<byte> bytes, RenditionCheck check, CancellationToken cancellationToken)
    {
        if (check.WebM is { } description) return (description.Pack(bytes, segment.Name), null);
        if (WebMDecryptor.Begins(bytes.Span)) return (await WholeAsync(segment, bytes, cancellationToken).ConfigureAwait(false), null);
        ContainerKind kind = KindOf(bytes.Span);
        if (kind == ContainerKind.None) return check.Text.Repack(segment, WebVttSegment.Begins(bytes.Span) ? bytes.Span : (byte[])[.. check.Head.Span, .. "\n\n"u8, .. bytes.Span], check.Turns);
        MediaKind? wanted = check.Kind;
        if (ContainerSniffer.Problem(kind) is { } problem) throw Refusal(segment, problem);
        if (segment.Key is { Method: SegmentKeyMethod.SampleAesCtr }) throw Refusal(segment, "SAMPLE-AES-CTR says nothing of transport streams and packed audio");
        byte[]? vector = segment.Key is { Method: SegmentKeyMethod.SampleAes } key ? key.InitializationVector.ToArray() : null;
        if (vector is { Length: not 16 }) throw Refusal(segment, "SAMPLE-AES without an initialisation vector");

        (ISampleReader reader, bool isSure) = await ReadAsync(vector is null ? null : SampleAesKey.Deferred(vector)).ConfigureAwait(false);
        if (!isSure && keys is not null)
        {
            // Nothing in the stream says that it is protected, or in which way: what comes out of it decides, and that has to be looked at here.
            reader.Dispose();
            IFragmentDecryptor lease = await keys.LeaseSamplesAsync(segment.Key!, origin, cancellationToken).ConfigureAwait(false);
            (reader, _) = await ReadAsync(new SampleAesKey(lease, segment.Key!.Id, vector)).ConfigureAwait(false);
            vector = null;
        }

        using (reader) return (Pack(segment, reader, vector, wanted, check.Turns), reader.Summary.Notes is [string note, ..] ? $"{segment.Name}: {note}" : null);

        async ValueTask<(ISampleReader Reader, bool IsSure)> ReadAsync(SampleAesKey? opener)
        {
            ISampleReader made = kind == ContainerKind.TransportStream ? new TsSampleReader(entry => wanted is null || KindOf(entry.Codec) == wanted) : new PackedAudioSampleReader();
            try
            {
                if (kind == ContainerKind.TransportStream && !check.Head.IsEmpty && !HasTables(bytes.Span))
                {
                    using PrefixedStream tables = new(check.Head, Stream.Null);
                    await made.ReadAsync(tables, segment.Name, key: null, isDiscontinuous: false, cancellationToken).ConfigureAwait(false);
                }

                using PrefixedStream whole = new(bytes, Stream.Null);
                await made.ReadAsync(whole, segment.Name, opener, isDiscontinuous: false, cancellationToken).ConfigureAwait(false);
                made.Finish();
                return (made, opener is not { IsDeferred: true } || !made.IsUndecided);
            }
            catch
            {
                made.Dispose();
                throw;
            }
        }
    }

    /// <summary>Whether a transport stream says what it carries before it does.</summary>
    private static bool HasTables(ReadOnlySpan<byte> bytes)
    {
        bool hasPrograms = false;
        for (int at = 0; at + TsPacket.Size <= bytes.Length; at += TsPacket.Size)
        {
            if (TsPacket.TryRead(bytes.Slice(at, TsPacket.Size), out TsPacket packet) is not null) return true;
            if (!packet.BeginsUnit || !packet.HasPayload) continue;
            ReadOnlySpan<byte> payload = bytes[(at + packet.PayloadStart)..(at + TsPacket.Size)];
            hasPrograms |= packet.Pid == 0;
            if (payload.StartsWith((ReadOnlySpan<byte>)[0, 0, 1])) return false;
            if (hasPrograms && packet.Pid != 0 && payload[0] + 1 < payload.Length && payload[payload[0] + 1] == ProgramMap.TableId) return true;
        }

        return false;
    }

    /// <summary>A segment of WebM that is a file of its own.</summary>
    private static async ValueTask<Memory<byte>> WholeAsync(TimelineSegment segment, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using PrefixedStream file = new(bytes, Stream.Null);
        using WebMFragmentStream stream = new(file, segment.Name);
        using MemoryStream packed = new();
        await stream.CopyToAsync(packed, cancellationToken).ConfigureAwait(false);
        return packed.GetBuffer().AsMemory(0, (int)packed.Length);
    }

    private static MediaKind KindOf(StreamCodec codec) => codec is StreamCodec.Avc or StreamCodec.Hevc ? MediaKind.Video : MediaKind.Audio;

    private static Memory<byte> Pack(TimelineSegment segment, ISampleReader reader, byte[]? vector, MediaKind? wanted, StreamTurns turns)
    {
        List<(PackedTrack Track, List<AccessUnits> Units)> tracks = [];
        try
        {
            foreach (ElementaryTrack found in reader.Tracks)
            {
                MediaKind kind = KindOf(found.Codec);
                if ((wanted is not null && kind != wanted) || tracks.Exists(each => each.Track.Handler == HandlerOf(kind))) continue;
                List<AccessUnits> units = [];
                while (found.Take() is { } next) units.Add(next);
                if (units.Count == 0) continue;
                tracks.Add((TrackOf(segment, found, units[0].Configuration, (uint)tracks.Count + 1, vector), units));
                if (units.Exists(each => !each.Configuration.IsSame(units[0].Configuration))) throw Refusal(segment, $"the parameter sets of its {Word(kind)} change within the segment, which MP4 cannot say of one");
            }

            if (tracks.Count == 0) throw Refusal(segment, $"it has no {(wanted is { } missing ? Word(missing) : "track")} that can be read{(reader.Summary.Notes.Count > 0 ? $": {string.Join("; ", reader.Summary.Notes)}" : "")}");
            SegmentPacker packer = new();
            packer.WriteMovie([.. tracks.Select(static each => each.Track)]);
            ProtectedMap map = new();
            uint sequence = 0;
            foreach ((PackedTrack track, List<AccessUnits> units) in tracks)
                foreach (AccessUnits each in units) Write(packer, track, each, ++sequence, map, turns);
            return packer.Written;
        }
        finally
        {
            foreach ((_, List<AccessUnits> units) in tracks)
                foreach (AccessUnits each in units) each.Dispose();
        }
    }

    private static void Write(SegmentPacker packer, PackedTrack track, AccessUnits units, uint sequence, ProtectedMap map, StreamTurns turns)
    {
        PackedSample[] samples = new PackedSample[units.Units.Length];
        map.Clear();
        int at = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            AccessUnit unit = units.Units[i];
            int entries = track.Protection is null ? 0 : map.Add(units.Configuration.Codec, units.Data.Span.Slice(at, unit.Size));
            samples[i] = new PackedSample(unit.Size, unit.Duration, unit.CompositionOffset, unit.IsSync, entries);
            at += unit.Size;
        }

        packer.WriteFragment(track, sequence, turns.Continue(units.DecodeTime, track.Timescale), samples, units.Data.Span, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(map.Entries));
    }

    private static PackedTrack TrackOf(TimelineSegment segment, ElementaryTrack track, TrackConfiguration setup, uint id, byte[]? vector) => new()
    {
        Id = id,
        Handler = HandlerOf(KindOf(setup.Codec)),
        Timescale = setup.Timescale,
        Width = setup.Width,
        Height = setup.Height,
        Language = track.Language ?? "und",
        SampleEntry = setup.Codec switch
        {
            StreamCodec.Avc => SampleEntries.Visual(FourCc.Avc1, setup.Width, setup.Height, FourCc.AvcC, setup.Setup),
            StreamCodec.Hevc => SampleEntries.Visual(FourCc.Hvc1, setup.Width, setup.Height, FourCc.HvcC, setup.Setup),
            StreamCodec.Aac => SampleEntries.Aac(setup.Channels, (int)setup.Timescale, setup.Setup),
            StreamCodec.Ac3 => SampleEntries.Audio(FourCc.Ac3, setup.Channels, (int)setup.Timescale, FourCc.Dac3, setup.Setup),
            StreamCodec.EAc3 => SampleEntries.Audio(FourCc.Ec3, setup.Channels, (int)setup.Timescale, FourCc.Dec3, setup.Setup),
            _ => throw Refusal(segment, "it has a codec that is not put into MP4"),
        },
        // The samples name no key: the playlist does.
        Protection = vector is not null && track.IsProtected
            ? new PackedProtection(default, vector, setup.Codec == StreamCodec.Avc ? (byte)1 : (byte)0, setup.Codec == StreamCodec.Avc ? (byte)9 : (byte)0)
            : null,
    };

    private static uint HandlerOf(MediaKind kind) => kind == MediaKind.Video ? FourCc.Vide : FourCc.Soun;

    private static string Word(MediaKind kind) => kind == MediaKind.Video ? "video" : "audio";

    private static MediaFormatException Refusal(TimelineSegment segment, string reason) => new(segment.Name, new FormatError(reason, "", 0));
}
