using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>
/// A licence service that is a transport: it answers the challenges of <see cref="FakeKeySystem"/> with the keys that it knows, unless a test has
/// queued something else.
/// </summary>
/// <remarks>Threads: any.</remarks>
public sealed class FakeLicenseServer : ILicenseTransport
{
    private readonly ConcurrentQueue<Func<LicenseExchange, CancellationToken, ValueTask<LicenseAnswer>>> _next = new();
    private readonly ConcurrentQueue<ReceivedRequest> _received = new();

    /// <summary>The keys that it gives.</summary>
    public ConcurrentDictionary<KeyId, byte[]> Keys { get; } = new();

    /// <summary>What it received, in order.</summary>
    public IReadOnlyList<ReceivedRequest> Received => [.. _received];

    /// <summary>Makes an answer of text.</summary>
    /// <param name="text">The body.</param>
    /// <param name="status">The status code.</param>
    /// <param name="headers">The headers.</param>
    /// <returns>The answer.</returns>
    public static LicenseAnswer Text(string text, int status = 200, IReadOnlyDictionary<string, string>? headers = null) => new()
    {
        Status = status,
        ContentType = "text/plain",
        Headers = headers ?? new Dictionary<string, string>(),
        Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)),
    };

    /// <summary>Makes up a key and knows it from now on.</summary>
    /// <param name="id">Its identifier.</param>
    /// <returns>The identifier.</returns>
    public KeyId Add(KeyId id)
    {
        byte[] key = new byte[16];
        id.Write(key);
        key[0] ^= 0x5a;
        Keys[id] = key;
        return id;
    }

    /// <summary>Answers the next request otherwise.</summary>
    /// <param name="answer">The answer.</param>
    public void Next(LicenseAnswer answer) => _next.Enqueue((_, _) => new ValueTask<LicenseAnswer>(answer));

    /// <summary>Answers the next request otherwise.</summary>
    /// <param name="answer">Makes the answer, or throws.</param>
    public void Next(Func<LicenseExchange, CancellationToken, ValueTask<LicenseAnswer>> answer) => _next.Enqueue(answer);

    /// <summary>Keeps the next request waiting.</summary>
    /// <returns>Completed with an answer by the test; with <see langword="null"/>: as if nothing had been queued.</returns>
    public TaskCompletionSource<LicenseAnswer?> Hold()
    {
        TaskCompletionSource<LicenseAnswer?> held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _next.Enqueue(async (exchange, cancellationToken) =>
        {
            ReadOnlySequence<byte> body = new(exchange.Body.ToArray());
            return await held.Task.WaitAsync(cancellationToken).ConfigureAwait(false) ?? Grant(body);
        });
        return held;
    }

    /// <inheritdoc/>
    public async ValueTask SendAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        _received.Enqueue(new ReceivedRequest(exchange.Request, Encoding.UTF8.GetString(exchange.Body), exchange.Attempt));
        exchange.Answer = _next.TryDequeue(out Func<LicenseExchange, CancellationToken, ValueTask<LicenseAnswer>>? answer)
            ? await answer(exchange, cancellationToken).ConfigureAwait(false)
            : Grant(exchange.Body);
    }

    /// <summary>Answers a challenge with the keys that are known, and acknowledges a release.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <returns>The answer.</returns>
    public LicenseAnswer Grant(ReadOnlySequence<byte> challenge)
    {
        string[] words = Encoding.UTF8.GetString(challenge).Split(' ');
        if (words[0] == nameof(ChallengeKind.Release)) return Text("released");
        StringBuilder license = new();
        foreach (string word in words.Length > 1 ? words[1].Split(',') : [])
        {
            if (KeyId.TryParse(word, out KeyId id) && Keys.TryGetValue(id, out byte[]? key))
                license.Append(id).Append(' ').Append(Convert.ToHexStringLower(key)).Append('\n');
        }

        return Text(license.ToString());
    }
}
