using System.Buffers;
using System.Globalization;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>
/// A key system with nothing secret about it. Header data is key identifiers of 16 bytes one after the other. A challenge is the text
/// <c>License KID,KID</c>; a licence is a line <c>KID KEY</c> for each key, in hexadecimal digits, or <c>more</c> for another exchange, or
/// <c>released</c>. What it saves is the lines of its licences.
/// </summary>
/// <remarks>The hooks may be set before a session opens. Threads: those of the engine.</remarks>
public sealed class FakeKeySystem : IKeySystem
{
    /// <summary>Its system identifier.</summary>
    public static SystemId System { get; } = new(new Guid("fa4efa4e-0000-4000-8000-000000000000"));

    /// <inheritdoc/>
    public KeySystemDescriptor Descriptor { get; init; } = new() { Name = "fake", Systems = [System], ChallengeIdentifiesDevice = true };

    /// <summary>Whether it leaves the data of headers unread: of other systems it takes the key identifiers that stand beside it.</summary>
    public bool ReadsKeyIdsOnly { get; init; }

    /// <summary>The policy of the keys that licences bring.</summary>
    public KeyPolicy Policy { get; set; } = new() { Output = new OutputRequirement { ClearExport = true } };

    /// <summary>Called when the engine starts the key system, before the first session.</summary>
    public Func<CancellationToken, ValueTask>? Starting { get; set; }

    /// <summary>Whether its sessions write what is needed to take their licences up again.</summary>
    public bool Saves { get; set; }

    /// <summary>Called when a challenge is to be written; what it throws, writing throws.</summary>
    public Action<ChallengeRequest>? Writing { get; set; }

    /// <summary>Called when a session opens, after it was made: keys that need no licence may be imported.</summary>
    public Action<SessionRequest, ISessionHost>? Opening { get; set; }

    /// <summary>Called when an answer is to be opened, in the place of reading it.</summary>
    public Func<LicenseAnswer, ISessionHost, CancellationToken, ValueTask<LicenseOutcome>>? Accepting { get; set; }

    /// <summary>
    /// Makes the decryptor of a session that keeps its keys itself: what its licences bring goes there, and the framework is told the status. The session disposes it.
    /// </summary>
    public Func<SessionRequest, FakeDecryptor>? Decrypting { get; set; }

    /// <summary>Called when a header is offered.</summary>
    public Func<ProtectionHeader, ISessionHost, HeaderOutcome>? Offered { get; set; }

    /// <summary>Called for every answer, before its status is judged.</summary>
    public Func<LicenseAnswer, LicenseServiceException?>? Refused { get; set; }

    /// <summary>The sessions that were opened, in order.</summary>
    public IReadOnlyList<FakeSession> Sessions
    {
        get
        {
            lock (_sessions) return [.. _sessions];
        }
    }

    private readonly List<FakeSession> _sessions = [];

    /// <summary>Makes a header that names keys.</summary>
    /// <param name="ids">The keys.</param>
    /// <returns>The header.</returns>
    public static ProtectionHeader Header(params ReadOnlySpan<KeyId> ids)
    {
        byte[] data = new byte[ids.Length * KeyId.Size];
        for (int i = 0; i < ids.Length; i++) ids[i].Write(data.AsSpan(i * KeyId.Size));
        return new ProtectionHeader { System = System, Data = data, KeyIds = ids.ToArray() };
    }

    /// <inheritdoc/>
    public ProtectionHeader ParseHeader(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (ReadsKeyIdsOnly || data.Kind == InitializationDataKind.KeyIds) return new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds };
        if (data.Payload.Length % KeyId.Size != 0) throw new ProtectionHeaderException(System, "not a list of key identifiers");
        List<KeyId> ids = [.. data.BoxKeyIds];
        for (int i = 0; i < data.Payload.Length; i += KeyId.Size)
            if (KeyId.TryRead(data.Payload.Span.Slice(i, KeyId.Size), out KeyId id)) ids.Add(id);
        return new ProtectionHeader { System = System, Data = data.Payload, KeyIds = ids };
    }

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken cancellationToken) => Starting?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        FakeSession session = new(this, request, host);
        lock (_sessions) _sessions.Add(session);
        session.TakeUp();
        Opening?.Invoke(request, host);
        return new ValueTask<ILicenseSession>(session);
    }

    /// <summary>The fake's half of one session.</summary>
    public sealed class FakeSession : ILicenseSession
    {
        private readonly FakeKeySystem _system;
        private readonly List<ProtectionHeader> _headers;
        private readonly Dictionary<KeyId, string> _licenses = [];

        internal FakeSession(FakeKeySystem system, SessionRequest request, ISessionHost host)
        {
            (_system, Request, Host) = (system, request, host);
            _headers = [.. request.Headers];
            Own = system.Decrypting?.Invoke(request);
        }

        /// <summary>What it was opened for.</summary>
        public SessionRequest Request { get; }

        /// <summary>The framework's half.</summary>
        public ISessionHost Host { get; }

        /// <summary>The challenges that were asked for, in order.</summary>
        public List<ChallengeRequest> Challenges { get; } = [];

        /// <summary>Whether it was disposed.</summary>
        public bool IsDisposed { get; private set; }

        /// <summary>Its own decryptor; <see langword="null"/>: the framework's.</summary>
        public FakeDecryptor? Own { get; }

        /// <inheritdoc/>
        public ISessionDecryptor? Decryptor => Own;

        /// <inheritdoc/>
        public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
        {
            HeaderOutcome outcome = _system.Offered?.Invoke(header, Host) ?? HeaderOutcome.NotMine;
            if (outcome == HeaderOutcome.ExchangeNeeded) _headers.Add(header);
            return new ValueTask<HeaderOutcome>(outcome);
        }

        /// <inheritdoc/>
        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            lock (Challenges) Challenges.Add(request);
            _system.Writing?.Invoke(request);
            IEnumerable<KeyId> ids = Request.Keys.Select(static key => key.Id).Concat(_headers.SelectMany(static header => header.KeyIds)).Distinct();
            string custom = request.CustomData is null ? "" : $" [{request.CustomData}]";
            destination.Write(Encoding.UTF8.GetBytes($"{request.Kind} {string.Join(',', ids)}{custom}"));
            return new ValueTask<ChallengeInfo>(new ChallengeInfo { Kind = request.Kind, ContentType = "text/plain" });
        }

        /// <inheritdoc/>
        public LicenseServiceException? ReadRefusal(LicenseAnswer answer) => _system.Refused?.Invoke(answer);

        /// <inheritdoc/>
        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(answer);
            return _system.Accepting is { } accept ? accept(answer, Host, cancellationToken) : new ValueTask<LicenseOutcome>(Read(answer));
        }

        /// <inheritdoc/>
        public ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
        {
            if (!_system.Saves || _licenses.Count == 0) return new ValueTask<bool>(false);
            destination.Write(Encoding.UTF8.GetBytes(string.Concat(_licenses.Select(static license => $"{license.Key} {license.Value}\n"))));
            return new ValueTask<bool>(true);
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            Own?.Dispose();
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }

        internal void TakeUp()
        {
            if (!Request.Stored.IsEmpty) Read(Encoding.UTF8.GetString(Request.Stored.Span));
        }

        private LicenseOutcome Read(LicenseAnswer answer)
        {
            string text = Encoding.UTF8.GetString(answer.Body);
            if (text == "more") return LicenseOutcome.AnotherExchangeNeeded;
            if (text == "released")
            {
                foreach (KeyId id in _licenses.Keys) Host.SetStatus(id, KeyStatus.Released);
                _licenses.Clear();
            }
            else Read(text);
            return LicenseOutcome.Complete;
        }

        private void Read(string text)
        {
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] words = line.Split(' ');
                if (words.Length != 2 || !KeyId.TryParse(words[0], out KeyId id))
                    throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, string.Create(CultureInfo.InvariantCulture, $"a line of {words.Length} words"));
                byte[] key = Convert.FromHexString(words[1]);
                if (Own is null) Host.Import(id, key, _system.Policy);
                else
                {
                    Own.Add(id, key);
                    Host.SetStatus(id, KeyStatus.Usable);
                    Host.UpdatePolicy(id, _system.Policy);
                }

                _licenses[id] = words[1];
            }
        }
    }
}
