using Keyway.Containers.WebM.Ebml;

namespace Keyway.Containers.WebM.Structure;

/// <summary>Reads <c>Tracks</c>, and <c>Info</c>.</summary>
internal static class TracksReader
{
    /// <summary>Reads all tracks.</summary>
    /// <param name="content">The content of <c>Tracks</c>.</param>
    /// <param name="offset">Where that begins in the file.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>The tracks in order; <see langword="null"/> where something is wrong.</returns>
    public static IReadOnlyList<WebMTrack>? TryRead(ReadOnlySpan<byte> content, long offset, out FormatError error)
    {
        error = default;
        List<WebMTrack> tracks = [];
        (int Start, int Length)? check = null;
        EbmlCursor cursor = new(content, offset, "Segment/Tracks");
        while (cursor.MoveNext())
        {
            if (cursor.Id == EbmlId.Crc32) check = (cursor.Start, cursor.End - cursor.Start);
            if (cursor.Id != EbmlId.TrackEntry) continue;
            if (tracks.Count == WebMLimits.Tracks) cursor.Fail($"more than {WebMLimits.Tracks} tracks");
            else if (ReadTrack(ref cursor, check) is { } track)
            {
                if (tracks.Exists(each => each.Number == track.Number)) cursor.Fail($"two tracks have the number {track.Number}");
                tracks.Add(track);
            }
        }

        if (cursor.Error is null && tracks.Count == 0) cursor.Fail(new FormatError("there is no track", "Segment/Tracks", offset));
        error = cursor.Error ?? default;
        return cursor.Error is null ? tracks : null;
    }

    /// <summary>Reads how long a unit of time is, and how long the media.</summary>
    /// <param name="content">The content of <c>Info</c>.</param>
    /// <param name="offset">Where that begins in the file.</param>
    /// <param name="scale">Nanoseconds in a unit.</param>
    /// <param name="duration">The length in units; 0: not said.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryReadInfo(ReadOnlySpan<byte> content, long offset, out ulong scale, out double duration, out FormatError error)
    {
        scale = WebMClock.DefaultScale;
        duration = 0;
        EbmlCursor cursor = new(content, offset, "Segment/Info");
        while (cursor.MoveNext())
        {
            if (cursor.Id == EbmlId.TimestampScale)
            {
                scale = cursor.Content.IsEmpty ? WebMClock.DefaultScale : cursor.Number();
                if (scale is 0 or > WebMClock.LargestScale) cursor.Fail($"a TimestampScale of {scale}");
            }
            else if (cursor.Id == EbmlId.Duration)
            {
                duration = cursor.Float();
                if (!double.IsFinite(duration) || duration < 0) duration = 0;
            }
        }

        error = cursor.Error ?? default;
        return cursor.Error is null;
    }

    private static WebMTrack? ReadTrack(ref EbmlCursor entry, (int Start, int Length)? outer)
    {
        ulong number = 0, type = 0, duration = 0, delay = 0;
        string codec = "", language = "eng";
        byte[] setup = [];
        WebMTrack picture = new() { Number = 0, Type = 0, CodecId = "" };
        TrackEncodings encodings = default;
        List<(int, int)> found = [], checks = [];
        // What the entry's own children begin with counts from the beginning of Tracks.
        int inside = entry.Start + entry.Head.Length;
        EbmlCursor field = entry.Enter();
        while (field.MoveNext())
        {
            switch (field.Id)
            {
                case EbmlId.TrackNumber:
                    number = field.Number();
                    break;
                case EbmlId.TrackType:
                    type = field.Number();
                    break;
                case EbmlId.CodecId:
                    codec = field.Text(64);
                    break;
                case EbmlId.CodecPrivate:
                    setup = field.Content.ToArray();
                    break;
                case EbmlId.CodecDelay:
                    delay = field.Number();
                    break;
                case EbmlId.DefaultDuration:
                    duration = field.Number();
                    break;
                case EbmlId.Language:
                    language = field.Text(64);
                    break;
                case EbmlId.Video:
                    picture = ReadVideo(ref field, picture);
                    break;
                case EbmlId.Audio:
                    picture = ReadAudio(ref field, picture);
                    break;
                case EbmlId.ContentEncodings:
                    encodings.Read(ref field);
                    found.Add((inside + field.Start, field.End - field.Start));
                    break;
                case EbmlId.Crc32:
                    checks.Add((inside + field.Start, field.End - field.Start));
                    break;
            }
        }

        if (field.Error is null && number == 0) field.Fail(new FormatError("a track without a number", "Segment/Tracks/TrackEntry", entry.ContentOffset));
        if (field.Error is { } error)
        {
            entry.Fail(error);
            return null;
        }

        if (outer is { } check) checks.Add(check);
        return picture with
        {
            Number = number,
            Type = type,
            CodecId = codec,
            CodecPrivate = setup,
            DefaultDuration = duration,
            CodecDelay = delay,
            Language = language,
            KeyId = encodings.KeyId ?? [],
            IsProtected = encodings.IsProtected,
            Problem = encodings.Problem,
            Compression = encodings.Compression,
            Encodings = encodings.IsProtected ? found : [],
            Checks = encodings.IsProtected ? checks : [],
        };
    }

    private static WebMTrack ReadVideo(ref EbmlCursor video, WebMTrack track)
    {
        EbmlCursor field = video.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.PixelWidth) track = track with { Width = Small(field.Number()) };
            else if (field.Id == EbmlId.PixelHeight) track = track with { Height = Small(field.Number()) };
            else if (field.Id == EbmlId.Colour) track = ReadColour(ref field, track);
        }

        if (field.Error is { } error) video.Fail(error);
        return track;
    }

    private static WebMTrack ReadColour(ref EbmlCursor colour, WebMTrack track)
    {
        EbmlCursor field = colour.Enter();
        while (field.MoveNext())
        {
            track = field.Id switch
            {
                EbmlId.BitsPerChannel => track with { BitsPerChannel = Small(field.Number()) },
                EbmlId.MatrixCoefficients => track with { Colour = track.Colour with { Matrix = (byte)Math.Min(255, field.Number()) } },
                EbmlId.TransferCharacteristics => track with { Colour = track.Colour with { Transfer = (byte)Math.Min(255, field.Number()) } },
                EbmlId.Primaries => track with { Colour = track.Colour with { Primaries = (byte)Math.Min(255, field.Number()) } },
                EbmlId.Range => track with { IsFullRange = field.Number() == 2 },
                _ => track,
            };
        }

        if (field.Error is { } error) colour.Fail(error);
        return track;
    }

    private static WebMTrack ReadAudio(ref EbmlCursor audio, WebMTrack track)
    {
        EbmlCursor field = audio.Enter();
        while (field.MoveNext())
        {
            if (field.Id == EbmlId.Channels) track = track with { Channels = Small(field.Number()) };
            else if (field.Id == EbmlId.SamplingFrequency) track = track with { SamplingFrequency = field.Float() };
        }

        if (field.Error is { } error) audio.Fail(error);
        return track;
    }

    private static int Small(ulong value) => (int)Math.Min(ushort.MaxValue, value);
}
