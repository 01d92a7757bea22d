using System.Buffers;
using System.Security.Cryptography;
using Keyway.Cdm.Child;
using Keyway.Cdm.Wire;
using Keyway.ClearKey;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>One session of the module: its messages are the challenges, the answers go to it, and what it says of its keys is told on.</summary>
/// <remarks>
/// Threads: what the engine calls comes one call at a time; what the module says comes from the thread that reads its process, at any moment, also before the call that
/// caused it has come back.
/// </remarks>
internal sealed class CdmSession : ILicenseSession, IChildSession
{
    private readonly CdmKeySystem _system;
    private readonly CdmChild _child;
    private readonly ISessionHost _host;
    private readonly SessionKind _kind;
    private readonly Lock _gate = new();
    private readonly SessionTold _told;
    private readonly List<CdmMessage> _messages = [];
    private TaskCompletionSource _heard = NewPulse();
    private byte[] _id = [];
    private CdmMessage? _written;
    private bool _inCall = true;
    private int _keyChanges;
    private bool _closing;
    private bool _disposed;

    public CdmSession(CdmKeySystem system, CdmChild child, ISessionHost host, SessionKind kind)
    {
        (_system, _child, _host, _kind) = (system, child, host, kind);
        _told = new SessionTold(system, host, kind == SessionKind.PersistentLicense);
        Decryptor = new CdmDecryptor(this, child);
    }

    /// <inheritdoc/>
    public ISessionDecryptor Decryptor { get; }

    private CdmOptions Options => _system.Options;

    /// <summary>Makes the session in the module. It comes back when the module has something to send, or keys.</summary>
    public async Task OpenAsync(SessionRequest request, CancellationToken cancellationToken)
    {
        await GiveCertificateAsync(request.ServerCertificate, cancellationToken).ConfigureAwait(false);
        if (request.Stored.IsEmpty) await CreateAsync(request, cancellationToken).ConfigureAwait(false);
        else await LoadAsync(request, cancellationToken).ConfigureAwait(false);
        lock (_gate) _inCall = false;
    }

    /// <inheritdoc/>
    public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            bool has = header.KeyIds.Count > 0 && header.KeyIds.All(id => _told.Find(id, out _) == DecryptStatus.Decrypted);
            return new(has ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (TryWrite(request.Kind, destination) is { } info) return info;
        switch (request.Kind)
        {
            case ChallengeKind.Release:
                await CallAsync(FrameType.RemoveSession, FrameType.Resolved, CdmStage.RemovingSession, frame => frame.Bytes(_id), "a request to give its licence back", LicenseErrorKind.PolicyInvalid, cancellationToken).ConfigureAwait(false);
                await WaitUntilAsync(() => _messages.Exists(static message => message.Kind == ChallengeKind.Release), CdmLimits.KeysAfterUpdate, cancellationToken).ConfigureAwait(false);
                return TryWrite(request.Kind, destination) ?? throw CdmError.Policy(Options, "it has nothing to send when a licence is given back");
            case ChallengeKind.Renewal:
                throw CdmError.Policy(Options, "it renews by its own time, and has not asked for it");
            default:
                throw CdmError.Fault(Options, "it has nothing to send to the service");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Body.Length > WireLimits.Message) throw CdmError.Malformed($"{answer.Body.Length} bytes; {WireLimits.Message} are the most that a module is given");
        ChallengeKind asked;
        int changesBefore;
        lock (_gate)
        {
            _inCall = true;
            asked = _written?.Kind ?? ChallengeKind.None;
            changesBefore = _keyChanges;
            // What came before the answer is about what was asked before.
            if (Options.IsClearKey) _told.NoteOpen(KeysInTheOpen(answer.Body));
        }

        try
        {
            await UpdateAsync(answer.Body, cancellationToken).ConfigureAwait(false);
            // The module may speak before its promise, within it or after it.
            TimeSpan patience = asked switch
            {
                ChallengeKind.ServerCertificate => Options.AnswerTimeout,
                ChallengeKind.License => CdmLimits.KeysAfterUpdate,
                _ => TimeSpan.Zero,
            };
            await WaitUntilAsync(() => HasAnother() || (asked != ChallengeKind.ServerCertificate && _keyChanges != changesBefore), patience, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw CdmError.NoAnswer(Options, "an answer of the service");
        }
        catch (ChildLostException lost)
        {
            throw CdmError.Lost(Options, _child.Facts, lost.End);
        }
        finally
        {
            lock (_gate) _inCall = false;
        }

        lock (_gate)
        {
            _written?.Dispose();
            _written = null;
            if (HasAnother()) return LicenseOutcome.AnotherExchangeNeeded;
        }

        if (asked == ChallengeKind.ServerCertificate) throw CdmError.Fault(Options, "it has taken a certificate of the service, and asks for no licence");
        return LicenseOutcome.Complete;
    }

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_kind != SessionKind.PersistentLicense || _id.Length == 0 || !_told.HasKeys) return new(false);
            StoredSession.Write(_id, _told.Open, destination);
            return new(true);
        }
    }

    /// <summary>Whether a key of this session may be used, and what the module calls it.</summary>
    public DecryptStatus Find(KeyId id, out byte[] original)
    {
        lock (_gate)
        {
            if (!_disposed) return _told.Find(id, out original);
            original = [];
            return DecryptStatus.KeyNotFound;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        byte[] id;
        lock (_gate)
        {
            if (_disposed) return;
            (_disposed, _closing) = (true, true);
            id = _id;
            foreach (CdmMessage message in _messages) message.Dispose();
            _messages.Clear();
            _written?.Dispose();
            _written = null;
        }

        try
        {
            if (id.Length > 0 && !_child.Ended.IsCompleted)
                using (await _child.CallAsync(FrameType.CloseSession, FrameType.Resolved, CdmStage.ClosingSession, frame => frame.Bytes(id), CancellationToken.None).WaitAsync(CdmLimits.End).ConfigureAwait(false))
                    _child.Dialog.Forget(id, this);
        }
        catch (Exception exception) when (exception is ChildLostException or TimeoutException)
        {
            // It is over for us either way; a module that does not close a session keeps it as long as its process.
        }
        finally
        {
            if (id.Length > 0) _child.Dialog.Forget(id, this);
            _system.Keeper.Return(_child);
        }
    }

    // ---- what the module says ----

    void IChildSession.OnMessage(CdmMessageType type, ReadOnlySpan<byte> message)
    {
        ChallengeKind kind = type switch
        {
            CdmMessageType.LicenseRequest => message.SequenceEqual(CdmConstants.CertificateRequest) ? ChallengeKind.ServerCertificate : ChallengeKind.License,
            CdmMessageType.LicenseRenewal => ChallengeKind.Renewal,
            CdmMessageType.LicenseRelease => ChallengeKind.Release,
            CdmMessageType.IndividualizationRequest => ChallengeKind.Individualization,
            _ => ChallengeKind.None,
        };
        if (kind == ChallengeKind.None || message.IsEmpty) return;
        lock (_gate)
        {
            if (_disposed) return;
            // The newest of a kind counts: a module that asks again has given the older one up.
            _messages.RemoveAll(older => older.Kind == kind && Zeroed(older));
            if (_messages.Count < CdmLimits.Messages) _messages.Add(new CdmMessage(kind, message.ToArray()));
            // Within a call its outcome says that there is more to ask; what is no part of that is asked for by itself.
            if (!_inCall || kind is ChallengeKind.Renewal or ChallengeKind.Release) _host.RequestExchange(kind);
            Pulse();
        }
    }

    void IChildSession.OnKeys(IReadOnlyList<ChildKey> keys)
    {
        lock (_gate)
        {
            if (_disposed) return;
            _told.Keys(keys);
            _keyChanges++;
            Pulse();
        }
    }

    void IChildSession.OnExpiration(double seconds)
    {
        lock (_gate)
        {
            if (!_disposed) _told.Expiration(seconds);
        }
    }

    void IChildSession.OnClosed()
    {
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
            _host.Close(_told.IsExpired ? LicenseErrorKind.LicenseExpired : LicenseErrorKind.InternalFault);
        }
    }

    void IChildSession.OnLost(ChildEnd end)
    {
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
            _host.Close(LicenseErrorKind.InternalFault);
        }
    }

    // ---- how it is asked ----

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool Zeroed(CdmMessage message)
    {
        message.Dispose();
        return true;
    }

    /// <summary>The keys that an answer brings for anybody to read. What is no licence of Clear Key brings none.</summary>
    private static List<KeyId> KeysInTheOpen(in ReadOnlySequence<byte> body)
    {
        try
        {
            using ClearKeyLicense license = ClearKeyLicense.Read(body);
            return [.. license.Keys.Select(static key => key.Id)];
        }
        catch (LicenseServiceException)
        {
            return [];   // the module judges it
        }
    }

    private bool HasAnother() => _messages.Exists(static message => message.Kind is ChallengeKind.License or ChallengeKind.ServerCertificate or ChallengeKind.Individualization);

    private void Pulse()
    {
        _heard.TrySetResult();
        _heard = NewPulse();
    }

    private async Task GiveCertificateAsync(ReadOnlyMemory<byte> certificate, CancellationToken cancellationToken)
    {
        if (certificate.Length is < WireLimits.MinCertificate or > WireLimits.MaxCertificate) return;
        await _child.CertificateGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_child.Certificate.Span.SequenceEqual(certificate.Span)) return;
            using ChildAnswer answer = await _child.CallAsync(FrameType.SetServerCertificate, FrameType.Resolved, CdmStage.ServerCertificate, frame => frame.Bytes(certificate.Span), cancellationToken).ConfigureAwait(false);
            // A system that knows no certificates of services has none to check.
            if (answer.Type == FrameType.Rejected && (CdmException)answer.Read().U32() != CdmException.NotSupported)
                throw CdmError.Rejected(Options, "the certificate of the service", LicenseErrorKind.CertificateNotTrusted, answer);
            _child.Certificate = certificate.ToArray();
        }
        finally
        {
            _child.CertificateGate.Release();
        }
    }

    private async Task CreateAsync(SessionRequest request, CancellationToken cancellationToken)
    {
        (CdmInitDataType type, byte[] data) = CdmHeader.InitDataOf(request, Options);
        using ChildAnswer answer = await _child.CallAsync(FrameType.CreateSession, FrameType.SessionResolved, CdmStage.CreatingSession, frame =>
        {
            frame.U32((uint)(_kind == SessionKind.PersistentLicense ? CdmSessionType.PersistentLicense : CdmSessionType.Temporary));
            frame.U32((uint)type);
            frame.Bytes(data);
        }, cancellationToken).ConfigureAwait(false);
        if (answer.Type == FrameType.Rejected) throw CdmError.Rejected(Options, "the initialisation data", LicenseErrorKind.HeaderUnsupported, answer);
        if (!TryTakeId(answer)) throw CdmError.Fault(Options, "it has made a session without a name, or under that of another");
        // A module that has the keys already says so; any other has a request for the service.
        if (!await WaitUntilAsync(() => _messages.Count > 0 || _told.HasKeys, Options.AnswerTimeout, cancellationToken).ConfigureAwait(false))
            throw CdmError.NoAnswer(Options, "a new session with a request for the service");
    }

    private async Task LoadAsync(SessionRequest request, CancellationToken cancellationToken)
    {
        if (!StoredSession.TryRead(request.Stored.Span, out byte[] stored, out List<KeyId> open)) throw CdmError.Malformed("what was kept of a session is damaged");
        lock (_gate) _told.NoteOpen(open);
        using ChildAnswer answer = await _child.CallAsync(FrameType.LoadSession, FrameType.SessionResolved, CdmStage.LoadingSession, frame =>
        {
            frame.U32((uint)CdmSessionType.PersistentLicense);
            frame.Bytes(stored);
        }, cancellationToken).ConfigureAwait(false);
        if (answer.Type == FrameType.Rejected) throw CdmError.Rejected(Options, "a session that it had kept", LicenseErrorKind.LicenseMalformed, answer);
        if (!TryTakeId(answer)) throw CdmError.Malformed($"{Options.ModuleName} does not know the session any more");
        await WaitUntilAsync(() => _told.HasKeys, CdmLimits.KeysAfterUpdate, cancellationToken).ConfigureAwait(false);
    }

    private bool TryTakeId(ChildAnswer answer)
    {
        FrameReader reader = answer.Read();
        bool found = reader.Flag();
        byte[] id = reader.Bytes(WireLimits.SessionId).ToArray();
        if (!found || id.Length == 0 || !reader.IsWhole) return false;
        lock (_gate) _id = id;
        if (_child.Dialog.TryClaim(id, this)) return true;
        lock (_gate) _id = [];   // another's: not ours to close
        return false;
    }

    private async Task UpdateAsync(ReadOnlySequence<byte> body, CancellationToken cancellationToken)
    {
        byte[] bytes = body.ToArray();
        try
        {
            await CallAsync(FrameType.UpdateSession, FrameType.Resolved, CdmStage.Updating, frame =>
            {
                frame.Bytes(_id);
                frame.Bytes(bytes);
            }, "the answer of the service", LicenseErrorKind.LicenseMalformed, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private async Task CallAsync(FrameType call, FrameType expected, CdmStage stage, Action<FrameWriter> write, string what, LicenseErrorKind kind, CancellationToken cancellationToken)
    {
        using ChildAnswer answer = await _child.CallAsync(call, expected, stage, write, cancellationToken).ConfigureAwait(false);
        if (answer.Type == FrameType.Rejected) throw CdmError.Rejected(Options, what, kind, answer);
    }

    /// <summary>Writes the message that there is, or once more the one that has not been answered.</summary>
    private ChallengeInfo? TryWrite(ChallengeKind asked, IBufferWriter<byte> destination)
    {
        lock (_gate)
        {
            CdmMessage? message = _messages.Find(waiting => Serves(waiting.Kind, asked));
            if (message is not null)
            {
                _messages.Remove(message);
                _written?.Dispose();
                _written = message;
            }
            else if (_written is null || !Serves(_written.Kind, asked)) return null;

            destination.Write(_written.Bytes);
            return new ChallengeInfo { Kind = _written.Kind, ContentType = Options.IsClearKey ? CdmConstants.ClearKeyContentType : "application/octet-stream" };
        }
    }

    private static bool Serves(ChallengeKind kind, ChallengeKind asked) => asked is ChallengeKind.Renewal or ChallengeKind.Release
        ? kind == asked
        : kind is ChallengeKind.License or ChallengeKind.ServerCertificate or ChallengeKind.Individualization;

    /// <summary>Waits until the module has said something that counts.</summary>
    /// <returns><see langword="false"/>: it has not, in that time.</returns>
    /// <exception cref="ChildLostException">It is gone.</exception>
    private async Task<bool> WaitUntilAsync(Func<bool> isSo, TimeSpan patience, CancellationToken cancellationToken)
    {
        Task giveUp = Task.Delay(patience, cancellationToken);
        while (true)
        {
            Task heard;
            lock (_gate)
            {
                if (isSo()) return true;
                heard = _heard.Task;
            }

            Task first = await Task.WhenAny(heard, _child.Ended, giveUp).ConfigureAwait(false);
            if (first == _child.Ended) throw new ChildLostException(await _child.Ended.ConfigureAwait(false));
            if (first != giveUp) continue;
            await giveUp.ConfigureAwait(false);   // throws where it was cancelled
            lock (_gate) return isSo();
        }
    }
}
