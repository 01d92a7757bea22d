using System.Buffers;
using Keyway.Relay.Serving;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Relay.Endpoints;

/// <summary>A rendition as one clear file, byte for byte where the protected one has it: of one with an index any part at once, of others as far as it has to be read for it.</summary>
internal static class FileEndpoint
{
    // The smallest box: length and type.
    private const int BoxHead = 8;

    public static async Task WriteAsync(HttpContext context, ServedPresentation served, ServedRendition rendition)
    {
        MediaFacts facts = await served.Desk.FactsAsync(rendition, context.RequestAborted);
        string type = MediaEndpoints.TypeOf(rendition.Rendition.Kind, facts.Form == MediaForm.Other ? MediaForm.Mp4 : facts.Form);
        bool isFile = served.Facts.Kind is Content.ContentKind.WebM or Content.ContentKind.ProgressiveMp4 || facts.IsWholeFile;
        if (isFile) await PassAsync(context, served, rendition, type);
        else if (facts is { IsIndexed: true, Form: not MediaForm.WebM }) await PartsAsync(context, served, rendition, type);
        else throw NotServedException.Unknown("this rendition is not one file");
    }

    /// <summary>A file that has to be read from its beginning.</summary>
    private static async Task PassAsync(HttpContext context, ServedPresentation served, ServedRendition rendition, string type)
    {
        // A player reads here and there in it: what fits is read once.
        if (await served.Desk.FileAsync(rendition, context.RequestAborted) is { } whole)
        {
            await MediaEndpoints.WriteAsync(context, whole.Content, type);
            return;
        }

        OpenedSegment opened = await served.Presentation.ReadFileAsync(rendition.Rendition, context.RequestAborted);
        await using (opened)
        {
            if (opened.Length is not { } total)
            {
                context.Response.ContentType = type;
                if (HttpMethods.IsHead(context.Request.Method)) return;
                await CopyAsync(opened.Content, context, skip: 0, long.MaxValue);
                return;
            }

            if (await MediaEndpoints.BeginAsync(context, total, type) is not { } span || HttpMethods.IsHead(context.Request.Method)) return;
            await CopyAsync(opened.Content, context, span.First, span.Length);
        }
    }

    private static async Task CopyAsync(Stream from, HttpContext context, long skip, long count)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            for (int read; count > 0 && (read = await from.ReadAsync(buffer, context.RequestAborted)) > 0;)
            {
                int first = (int)Math.Min(skip, read);
                skip -= first;
                int length = (int)Math.Min(read - first, count);
                count -= length;
                if (length > 0) await context.Response.Body.WriteAsync(buffer.AsMemory(first, length), context.RequestAborted);
            }
        }
        catch (KeywayException)
        {
            // Some of it has gone: what is cut says so.
            context.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A file out of its segments, opened when a part of them is wanted.</summary>
    private static async Task PartsAsync(HttpContext context, ServedPresentation served, ServedRendition rendition, string type)
    {
        IReadOnlyList<TimelineSegment> segments = await served.Presentation.SegmentsAsync(rendition.Rendition, cancellationToken: context.RequestAborted);
        if (segments.Count == 0 || segments[^1].Range is not { } end) throw NotServedException.Unknown("this rendition is not one file");
        long total = LastOf(end) + 1;
        if (await MediaEndpoints.BeginAsync(context, total, type) is not { } span || HttpMethods.IsHead(context.Request.Method)) return;
        long at = span.First, until = span.First + span.Length;
        try
        {
            if (at < segments[0].Range!.Value.First) at = await WriteAsync(context, await HeadAsync(context, served, rendition), 0, at, until);
            for (int i = IndexOf(segments, at); i < segments.Count && at < until; i++)
            {
                TimelineSegment segment = segments[i];
                ByteRangeOf(segment, out long first, out _);
                // What lies between segments describes others; a box of nothing keeps its place.
                if (at < first) at = await WriteAsync(context, Gap(i == 0 ? 0 : EndOf(segments[i - 1]), first), i == 0 ? 0 : EndOf(segments[i - 1]), at, until);
                if (at >= until) break;
                (ClearBytes clear, _) = await served.Cache.GetAsync($"{rendition.Folder}/{first}", token => served.Desk.OpenAsync(rendition.Rendition, segment, SegmentContainer.Own, token), context.RequestAborted);
                at = await WriteAsync(context, clear.Content, first, at, until);
            }
        }
        catch (KeywayException) when (context.Response.HasStarted)
        {
            context.Abort();
        }
    }

    /// <summary>What stands before the first segment, clear: its description, and its index as it is.</summary>
    private static async Task<ReadOnlyMemory<byte>> HeadAsync(HttpContext context, ServedPresentation served, ServedRendition rendition)
    {
        (ClearBytes head, _) = await served.Cache.GetAsync($"{rendition.Folder}/head", async token =>
        {
            Stream stream = await served.Presentation.OpenFileHeadAsync(rendition.Rendition, token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                using MemoryStream whole = new();
                await stream.CopyToAsync(whole, token).ConfigureAwait(false);
                return new ClearBytes { Content = whole.ToArray() };
            }
        }, context.RequestAborted);
        return head.Content;
    }

    private static async Task<long> WriteAsync(HttpContext context, ReadOnlyMemory<byte> part, long begin, long at, long until)
    {
        int first = (int)(at - begin), length = (int)Math.Min(part.Length - first, until - at);
        if (length <= 0) return Math.Max(at, begin + part.Length);
        await context.Response.Body.WriteAsync(part.Slice(first, length), context.RequestAborted);
        return at + length;
    }

    private static byte[] Gap(long first, long end)
    {
        byte[] box = new byte[Math.Min(end - first, RelayLimits.LargestCached)];
        if (box.Length < BoxHead) return box;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(box, (uint)box.Length);
        "free"u8.CopyTo(box.AsSpan(4));
        return box;
    }

    // The first that ends behind a place.
    private static int IndexOf(IReadOnlyList<TimelineSegment> segments, long at)
    {
        int low = 0, high = segments.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (EndOf(segments[middle]) <= at) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static long LastOf(ByteRange range) => range.Last ?? throw NotServedException.Unknown("this rendition is not one file");

    private static long EndOf(TimelineSegment segment)
    {
        ByteRangeOf(segment, out _, out long end);
        return end;
    }

    private static void ByteRangeOf(TimelineSegment segment, out long first, out long end) =>
        (first, end) = segment.Range is { } range ? (range.First, LastOf(range) + 1) : throw NotServedException.Unknown("this rendition is not one file");
}
