using System.Globalization;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Endpoints;

/// <summary>Clear media: initialisation segments, segments, files with ranges.</summary>
internal static class MediaEndpoints
{
    /// <summary>Where what describes the segments of a rendition is, in its folder; of one that was put into MP4 it is that.</summary>
    public const string Initialization = "init.mp4";

    /// <summary>The same in its own container, for playlists that name segments in it.</summary>
    public const string OwnInitialization = "init.bin";

    /// <summary>A rendition as one file.</summary>
    public const string File = "file.mp4";

    public static async Task InitializationAsync(HttpContext context, ServedPresentation served, ServedRendition rendition, bool isOwn)
    {
        MediaFacts facts = await served.Desk.FactsAsync(rendition, context.RequestAborted);
        ReadOnlyMemory<byte> bytes = await served.Desk.InitializationAsync(rendition, isOwn, context.RequestAborted);
        if (bytes.IsEmpty) throw NotServedException.Unknown("segments of this rendition describe themselves");
        await WriteAsync(context, bytes, TypeOf(rendition.Rendition.Kind, isOwn || !facts.IsRepacked ? facts.Form : MediaForm.Mp4));
    }

    public static async Task SegmentAsync(HttpContext context, RelayState state, ServedPresentation served, ServedRendition rendition, SegmentName name)
    {
        MediaFacts facts = await served.Desk.FactsAsync(rendition, context.RequestAborted);
        bool isPacked = name.Extension == SegmentName.Mp4 && facts.IsRepacked;
        string type = TypeOf(rendition.Rendition.Kind, isPacked ? MediaForm.Mp4 : facts.Form, rendition.Rendition.MimeType);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            // Nothing is fetched for somebody who does not want it; so nobody knows how long it is.
            await served.Desk.FindAsync(rendition, name, context.RequestAborted);
            context.Response.ContentType = type;
            context.Response.Headers.AcceptRanges = "bytes";
            return;
        }

        long begun = TimeProvider.System.GetTimestamp();
        int status = StatusCodes.Status200OK;
        ClearBytes? segment = null;
        TimelineSegment? found = null;
        bool wasThere = false;
        try
        {
            (segment, wasThere, TimelineSegment which) = await served.Desk.OpenAsync(rendition, name, context.RequestAborted);
            found = which;
            context.Response.Headers["Server-Timing"] = string.Create(
                CultureInfo.InvariantCulture,
                $"fetch;dur={Cost(segment.Fetching):0.###}, wait;dur={Cost(segment.Waiting):0.###}, decrypt;dur={Cost(segment.Decrypting):0.###}");
            if (segment.KeyIds.Count > 0) context.Response.Headers["X-Keyway-Keys"] = string.Join(',', segment.KeyIds);
            await WriteAsync(context, segment.Content, type);
            status = context.Response.StatusCode;
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            status = await Answers.WriteAsync(context, exception);
        }
        finally
        {
            // A player that asks again and again for what is not there has said so once.
            if (!context.RequestAborted.IsCancellationRequested && (segment is not null || state.IsNews($"{rendition.Folder}/{name} {status}"))) Tell();
        }

        double Cost(TimeSpan time) => wasThere ? 0 : time.TotalMilliseconds;

        void Tell() => state.Story.Add(
            "segment",
            string.Create(CultureInfo.InvariantCulture, $"{rendition.Folder} {name}: {(segment is null ? status.ToString(CultureInfo.InvariantCulture) : $"{segment.Content.Length:N0} bytes")}{(wasThere ? ", from memory" : "")}"),
            json =>
            {
                json.WriteString("rendition", rendition.Folder);
                if (found is { } which)
                {
                    TimeSpan start = (served.Current.Find(rendition.Period)?.Start ?? TimeSpan.Zero) + facts.StartOf(which);
                    json.WriteNumber("number", which.Number);
                    json.WriteSeconds("start", start);
                    json.WriteSeconds("duration", which.Length);
                }

                json.WriteNumber("status", status);
                if (segment is not null)
                {
                    json.WriteNumber("bytes", segment.Content.Length);
                    json.WriteNumber("fetchMs", Math.Round(Cost(segment.Fetching), 3));
                    json.WriteNumber("waitMs", Math.Round(Cost(segment.Waiting), 3));
                    json.WriteNumber("decryptMs", Math.Round(Cost(segment.Decrypting), 3));
                    json.WriteBoolean("cached", wasThere);
                    json.WriteKeys("keys", segment.KeyIds);
                }

                json.WriteMilliseconds("tookMs", TimeProvider.System.GetElapsedTime(begun));
            },
            status < StatusCodes.Status400BadRequest ? Story.StoryLevel.Info : Story.StoryLevel.Warn);
    }

    /// <summary>Answers with bytes, or the part of them that is wanted.</summary>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string type)
    {
        if (await BeginAsync(context, bytes.Length, type) is not { } span) return;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(bytes.Slice((int)span.First, (int)span.Length), context.RequestAborted);
    }

    /// <summary>Writes the head of an answer with ranges.</summary>
    /// <returns>What the body has; <see langword="null"/>: the request has been answered.</returns>
    public static async Task<ByteSpan?> BeginAsync(HttpContext context, long total, string type)
    {
        HttpResponse response = context.Response;
        // Nothing here has a validator: whoever has a part of something else asks for all.
        string asked = context.Request.Headers.IfRange.Count > 0 ? "" : context.Request.Headers.Range.ToString();
        if (!ByteSpan.TryRead(asked, total, out ByteSpan? span))
        {
            await Problems.WriteAsync(context, StatusCodes.Status416RangeNotSatisfiable, "range", "nothing of that range is there");
            return null;
        }

        response.ContentType = type;
        response.Headers.AcceptRanges = "bytes";
        response.ContentLength = span?.Length ?? total;
        if (span is { } part)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {part.First}-{part.First + part.Length - 1}/{total}");
        }

        return span ?? new ByteSpan(0, total);
    }

    /// <summary>The media type of what is in a container.</summary>
    public static string TypeOf(MediaKind kind, MediaForm form, string? said = null) => form switch
    {
        MediaForm.Mp4 => kind switch { MediaKind.Video => "video/mp4", MediaKind.Audio => "audio/mp4", _ => "application/mp4" },
        MediaForm.WebM => kind == MediaKind.Audio ? "audio/webm" : "video/webm",
        MediaForm.TransportStream => "video/mp2t",
        MediaForm.PackedAudio => "audio/aac",
        MediaForm.WebVtt => "text/vtt",
        MediaForm.Image when said is "image/png" or "image/webp" or "image/avif" => said,
        MediaForm.Image => "image/jpeg",
        _ when said is "application/ttml+xml" => said,
        // Nothing that a browser would run.
        _ => "application/octet-stream",
    };
}
