using Keyway.Mp4;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>
/// Makes a fragment say what other readers of MP4 expect it to say, where it does not: when it is decoded, where its samples lie, with which of them decoding can begin, and that they
/// are clear.
/// </summary>
/// <remarks>What says all that stays as it is, byte for byte, and the media always. Where <c>tfxd</c> becomes a <c>tfdt</c> the fragment is as long as it was; else it is longer by what is added.</remarks>
internal static class FragmentRewriter
{
    private const uint BaseDataOffset = 0x01, DefaultDuration = 0x08, BaseIsMoof = 0x020000, DataOffset = 0x01, FirstFlags = 0x04, WithOverride = 0x01;

    /// <summary>How long a <c>tfdt</c> of 64 bits is.</summary>
    private const int TimeLength = 20;

    /// <summary>Rewrites the beginning of a fragment.</summary>
    /// <param name="bytes">What has been read of it.</param>
    /// <param name="head">What it says.</param>
    /// <param name="facts">What is known of its track.</param>
    /// <param name="listed">When it begins and how long it is by its manifest.</param>
    /// <param name="error">Why nothing can be made of it.</param>
    /// <returns>The bytes, the same where nothing is to be changed; <see langword="null"/> where that cannot be done.</returns>
    public static ReadOnlyMemory<byte>? Rewrite(ReadOnlyMemory<byte> bytes, FragmentHead head, TrackFacts facts, FragmentTime listed, out FormatError error)
    {
        error = default;
        if (head.LacksSizes && head.SampleCount > 0) return Refuse("nothing says how large its samples are", out error);
        uint duration = 0;
        if (head.LacksDurations && head.SampleCount > 0)
        {
            ulong whole = head.Absolute is { Duration: > 0 } own ? own.Duration : listed.Duration;
            if (whole == 0 || whole % (ulong)head.SampleCount != 0 || whole / (ulong)head.SampleCount > uint.MaxValue) return Refuse("nothing says how long its samples are", out error);
            duration = (uint)(whole / (ulong)head.SampleCount);
        }

        if (head.LacksDataOffset && head.MediaStart is null) return Refuse("nothing says where its samples lie, and no media follows", out error);

        // Where they differ, what Smooth Streaming says counts. Some writers begin before zero, which no time of a fragment can say.
        ulong time = head.Absolute is { Time: <= long.MaxValue } absolute ? absolute.Time : listed.Time;
        Plan plan = new()
        {
            Time = head.DecodeTime == time ? null : time,
            TakesPlace = head.DecodeTime is null && head.Absolute is not null,
            Duration = duration,
            SetsSync = facts.IsVideo && head.LacksSync,
            HasBase = head.Header.BaseDataOffset is not null,
            IsClear = facts.IsProtected && !head.IsEncrypted && head.Encryption is not { Override.IsProtected: false },
            Own = head.Encryption is { Override: null } && head.Own is { } defaults ? defaults : null,
        };
        return plan.IsNothing && !head.LacksDataOffset ? bytes : Write(bytes.Span, head, plan);
    }

    private static ReadOnlyMemory<byte>? Refuse(string reason, out FormatError error)
    {
        error = new FormatError(reason, "moof/traf", -1);
        return null;
    }

    private static byte[] Write(ReadOnlySpan<byte> bytes, FragmentHead head, Plan plan)
    {
        BoxWriter writer = new();
        writer.Bytes(bytes[..head.Moof.Start]);
        int start = writer.Begin(FourCc.Moof);
        List<(int At, long Target)> offsets = [];
        BoxWalker walker = new(bytes.Slice(head.Moof.Start, head.Moof.Length), head.Moof.Start, 0, BoxPath.Root);
        walker.MoveNext(out Box moof);
        BoxWalker children = moof.Children();
        while (children.MoveNext(out Box box))
        {
            if (box.Type == FourCc.Traf) WriteTrack(writer, box, bytes, head, plan, offsets);
            else if (plan.Own is null || !box.IsUuid(PiffBoxes.Tenc)) writer.Copy(box);
        }

        // What has become shorter is filled up, where a box can do that.
        int less = head.Moof.Length - (writer.Length - start);
        if (less >= BoxHeader.Least) WriteFree(writer, less);

        writer.End(start);
        int grown = writer.Length - start - head.Moof.Length;
        foreach ((int at, long target) in offsets) writer.Set(at, (uint)(int)(target - head.Moof.Start + grown));
        writer.Bytes(bytes[head.Moof.End..]);
        return writer.Written.ToArray();
    }

    private static void WriteTrack(BoxWriter writer, in Box traf, ReadOnlySpan<byte> bytes, FragmentHead head, Plan plan, List<(int At, long Target)> offsets)
    {
        int start = writer.Begin(FourCc.Traf), run = 0;
        long next = head.MediaStart ?? 0;
        BoxWalker walker = traf.Children();
        while (walker.MoveNext(out Box box))
        {
            switch (box.Type)
            {
                case FourCc.Tfhd:
                    WriteHeader(writer, box, plan);
                    if (plan.Time is { } time) WriteTime(writer, time);
                    break;
                case FourCc.Tfdt when plan.Time is not null:
                    break;
                case FourCc.Trun:
                    // Offsets count from the moof, whatever an absolute one was in the server's file.
                    Trun samples = head.Runs[run];
                    if (samples.DataOffset is { } offset) next = head.Moof.Start + offset;
                    WriteRun(writer, box, plan.SetsSync && run == 0, next, offsets);
                    run++;
                    next += (long)samples.TotalBytes(bytes, head.Header.Size ?? 0);
                    break;
                case FourCc.Senc when plan.IsClear:
                case FourCc.Uuid when plan.IsClear && box.IsUuid(PiffBoxes.Senc):
                    break;
                case FourCc.Senc when plan.Own is not null:
                case FourCc.Uuid when plan.Own is not null && box.IsUuid(PiffBoxes.Senc):
                    WriteOwn(writer, box.Content[(box.Type == FourCc.Uuid ? 16 : 0)..], plan.Own, head.Algorithm);
                    break;
                case FourCc.Uuid when plan.Own is not null && box.IsUuid(PiffBoxes.Tenc):
                    break;
                case FourCc.Uuid when plan.TakesPlace && box.IsUuid(PiffBoxes.Tfxd) && box.Length >= TimeLength + BoxHeader.Least:
                    WriteFree(writer, box.Length - TimeLength);
                    break;
                default:
                    writer.Copy(box);
                    break;
            }
        }

        if (plan.IsClear) WriteClear(writer);
        writer.End(start);
    }

    private static void WriteHeader(BoxWriter writer, in Box tfhd, Plan plan)
    {
        FieldReader fields = tfhd.Fields(1);
        uint flags = fields.U24();
        bool hasBase = (flags & BaseDataOffset) != 0;
        int start = writer.Begin(FourCc.Tfhd, tfhd.Content[0], (flags & ~BaseDataOffset) | BaseIsMoof | (plan.Duration > 0 ? DefaultDuration : 0));
        ReadOnlySpan<byte> rest = tfhd.Content[4..];
        writer.Bytes(rest[..4]);
        rest = rest[(hasBase ? 12 : 4)..];
        // Behind the number of the sample entry.
        int before = (flags & 0x02) != 0 ? 4 : 0;
        writer.Bytes(rest[..before]);
        if (plan.Duration > 0) writer.U32(plan.Duration);
        writer.Bytes(rest[before..]);
        writer.End(start);
    }

    private static void WriteFree(BoxWriter writer, int length)
    {
        int start = writer.Begin(FourCc.Free);
        for (int i = BoxHeader.Least; i < length; i++) writer.U8(0);
        writer.End(start);
    }

    private static void WriteTime(BoxWriter writer, ulong time)
    {
        int start = writer.Begin(FourCc.Tfdt, 1, 0);
        writer.U64(time);
        writer.End(start);
    }

    private static void WriteRun(BoxWriter writer, in Box trun, bool setsSync, long target, List<(int At, long Target)> offsets)
    {
        FieldReader fields = trun.Fields(1);
        uint flags = fields.U24();
        int start = writer.Begin(FourCc.Trun, trun.Content[0], flags | DataOffset | (setsSync ? FirstFlags : 0));
        ReadOnlySpan<byte> rest = trun.Content[4..];
        writer.Bytes(rest[..4]);
        rest = rest[((flags & DataOffset) != 0 ? 8 : 4)..];
        offsets.Add((writer.Length, target));
        writer.U32(0);
        if (setsSync) writer.U32(SegmentPacker.SyncFlags);
        writer.Bytes(rest);
        writer.End(start);
    }

    /// <summary>The vectors of a fragment, with the defaults that stand beside them.</summary>
    private static void WriteOwn(BoxWriter writer, ReadOnlySpan<byte> senc, TrackEncryption own, uint algorithm)
    {
        int start = Begin(writer);
        FieldReader fields = new(senc);
        writer.U8(fields.U8());
        WriteFlags(writer, fields.U24() | WithOverride, algorithm, own.PerSampleIvSize, own.KeyId);
        writer.Bytes(senc[4..]);
        writer.End(start);
    }

    /// <summary>A box of PIFF that says that no sample is encrypted.</summary>
    private static void WriteClear(BoxWriter writer)
    {
        int start = Begin(writer);
        writer.U8(0);
        WriteFlags(writer, WithOverride, 0, 0, default);
        writer.U32(0);
        writer.End(start);
    }

    private static int Begin(BoxWriter writer)
    {
        int start = writer.Begin(FourCc.Uuid);
        Span<byte> type = stackalloc byte[16];
        PiffBoxes.Senc.TryWriteBytes(type, bigEndian: true, out _);
        writer.Bytes(type);
        return start;
    }

    private static void WriteFlags(BoxWriter writer, uint flags, uint algorithm, byte vectorSize, KeyId id)
    {
        writer.U8((byte)(flags >> 16));
        writer.U16((ushort)flags);
        writer.U32((algorithm << 8) | vectorSize);
        Span<byte> key = stackalloc byte[KeyId.Size];
        id.Write(key);
        writer.Bytes(key);
    }

    /// <summary>What is changed.</summary>
    private readonly record struct Plan
    {
        /// <summary>What <c>tfdt</c> is to say.</summary>
        public ulong? Time { get; init; }

        /// <summary>Whether it stands in the place of <c>tfxd</c>, so that nothing becomes longer.</summary>
        public bool TakesPlace { get; init; }

        /// <summary>How long each sample is; 0: that is said.</summary>
        public uint Duration { get; init; }

        /// <summary>Whether decoding can begin with the first sample, and nothing says so.</summary>
        public bool SetsSync { get; init; }

        /// <summary>Whether there is an absolute offset, of the server's file.</summary>
        public bool HasBase { get; init; }

        /// <summary>Whether it is to say that samples are clear.</summary>
        public bool IsClear { get; init; }

        /// <summary>The defaults that the vectors go with.</summary>
        public TrackEncryption? Own { get; init; }

        public bool IsNothing => this == default;
    }
}
