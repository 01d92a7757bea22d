namespace Keyway.Sources;

/// <summary>A stream that reports how far it has been read.</summary>
internal sealed class ProgressStream(Stream inner, Action<long> tell) : DelegatingStream(inner)
{
    private long _read;

    public override int Read(Span<byte> buffer) => Count(Inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    private int Count(int read)
    {
        _read += read;
        tell(_read);
        return read;
    }
}
