using System.Security.Cryptography;

namespace Keyway.Sources;

/// <summary>A server of the tests, a clock that does not wait, and what reads from the one by the other.</summary>
public abstract class HttpSourceBench : IDisposable
{
    private protected static readonly byte[] Content = RandomNumberGenerator.GetBytes(100_000);

    private protected static CancellationToken None => TestContext.Current.CancellationToken;

    private protected FakeServer Server { get; } = new();

    private protected EagerClock Clock { get; } = new(TimeSpan.FromSeconds(10));

    public void Dispose()
    {
        Server.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected MediaSources Sources(SourceOptions? options = null) => new(new HttpMessageInvoker(Server), Clock, options);

    private protected static async Task<byte[]> AllOf(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, None);
        return copy.ToArray();
    }
}
