using System.Collections.Concurrent;
using System.Globalization;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;

namespace Keyway.Sessions;

/// <summary>The exchange of a session that counts, if one does: its number, what it is for, and what has become of it.</summary>
/// <remarks>Threads: the mailbox's, but for <see cref="Order"/>, <see cref="Deposit"/>, <see cref="Take"/> and <see cref="WhyNotYet"/>: any.</remarks>
internal sealed class ExchangeInFlight(SessionContext context)
{
    private readonly ConcurrentDictionary<int, ExchangeResult> _results = new();
    private CancellationTokenSource? _cancel;
    private ExchangeOrder? _order;
    private int _inARow;

    /// <summary>The number of the last that was begun; 0: none.</summary>
    public int Number { get; private set; }

    /// <summary>What the last that was begun is for.</summary>
    public ChallengeKind Kind { get; private set; }

    /// <summary>Whether one is under way.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Whether another is wanted when the one under way has ended.</summary>
    public bool IsAnotherWanted { get; set; }

    /// <summary>The order of an exchange, if it still counts.</summary>
    public ExchangeOrder? Order(int number) => Volatile.Read(ref _order) is { } order && order.Number == number ? order : null;

    /// <summary>Why no licence is there yet; <see langword="null"/>: none is under way, or it does not wait for the service.</summary>
    /// <param name="url">Where it goes.</param>
    public LicenseServiceException? WhyNotYet(Uri? url)
    {
        if (Volatile.Read(ref _order)?.Budget is not { IsAnswered: false } budget) return null;
        if (budget.LastFailure is { } failed) return failed;
        if (!budget.IsAsked || url is null) return null;
        string waited = budget.Elapsed.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        return new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {Origin.Of(url)} within {waited} s") { Retryable = true };
    }

    /// <summary>Begins one. What was under way counts no more.</summary>
    public void Begin(ChallengeKind kind, IReadOnlyList<KeyId> asked, CancellationToken lifetime)
    {
        End();
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(lifetime);
        Number++;
        IsUnderWay = true;
        Kind = kind == ChallengeKind.None ? ChallengeKind.License : kind;
        Volatile.Write(ref _order, new ExchangeOrder(Number, Kind, asked, new ExchangeBudget(context.Clock, context.KeyWait), _cancel.Token));
    }

    /// <summary>Ends the one under way: nobody waits for it any more.</summary>
    public void End()
    {
        IsUnderWay = false;
        Volatile.Write(ref _order, null);
        if (_cancel is null) return;
        // Whoever waits on the token goes on elsewhere, not in the mailbox.
        _ = _cancel.CancelAsync();
        _cancel.Dispose();
        _cancel = null;
    }

    /// <summary>Counts an exchange that the key system asks for in the place of a licence.</summary>
    /// <returns>How many in a row that makes.</returns>
    public int CountAnother() => ++_inARow;

    /// <summary>Notes that an exchange has come to its end, with a licence or without. Whether another is wanted stays as it is until that one begins: meanwhile keys may still come.</summary>
    public void Conclude()
    {
        End();
        _inARow = 0;
    }

    /// <summary>Leaves what has become of an exchange.</summary>
    public void Deposit(ExchangeResult result) => _results[result.Number] = result;

    /// <summary>Takes what was left. Ownership: the caller's.</summary>
    public ExchangeResult? Take(int number) => _results.TryRemove(number, out ExchangeResult? result) ? result : null;

    /// <summary>Clears what nobody has taken.</summary>
    public void Forget()
    {
        foreach (int number in _results.Keys) Take(number)?.Dispose();
    }
}
