using System.IO.Pipelines;

namespace Keyway;

/// <summary>Writing to a pipe with flow control: no more is in flight than a slice.</summary>
internal static class PipeOutput
{
    private const int Slice = 1 << 20;

    public static async ValueTask WriteAsync(PipeWriter output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlyMemory<byte> slice = bytes[..Math.Min(bytes.Length, Slice)];
            ValueTask<FlushResult> write = output.WriteAsync(slice, cancellationToken);
            Check(write.IsCompletedSuccessfully ? write.Result : await write.ConfigureAwait(false));
            bytes = bytes[slice.Length..];
        }
    }

    public static async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken) =>
        Check(await output.FlushAsync(cancellationToken).ConfigureAwait(false));

    // The reader of the other end has stopped: going on would decrypt for nobody.
    private static void Check(FlushResult result)
    {
        if (result.IsCanceled || result.IsCompleted) throw new OperationCanceledException("the reader of the output has stopped");
    }
}
