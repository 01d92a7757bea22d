using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Keyway.Cdm.Host.HostObjects;
using Keyway.Cdm.Host.Interface;
using Keyway.Cdm.Host.Loading;
using Keyway.Cdm.Host.Sandbox;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>The life of one module in this process: loaded once, shut in, initialised, called as the parent says.</summary>
/// <remarks>Threads: the dispatcher's.</remarks>
internal sealed unsafe class ModuleProcess : IDispatched
{
    /// <summary>Offered in this order: what a manifest says of them is not what a module takes.</summary>
    private static readonly int[] Versions = [11, 10];

    private readonly Dispatcher _dispatcher;
    private readonly Outlet _outlet;
    private readonly IModuleLoader _loader;
    private readonly BufferPool _buffers;
    private readonly BatchDecryptor _decryptor;
    private readonly ModuleHost _host;
    private readonly nint[] _hosts = new nint[2];
    private ModuleExports? _exports;
    private ContentDecryptionModule _module;
    private bool _initialized;

    /// <param name="dispatcher">The module's thread.</param>
    /// <param name="loader">What makes functions of a file.</param>
    public ModuleProcess(Dispatcher dispatcher, IModuleLoader loader)
    {
        (_dispatcher, _outlet, _loader) = (dispatcher, dispatcher.Outlet, loader);
        _buffers = new BufferPool(dispatcher.Report);
        _decryptor = new BatchDecryptor(dispatcher, _buffers);
        _host = new ModuleHost(dispatcher, _buffers);
        for (int i = 0; i < Versions.Length; i++) _hosts[i] = HostTable.Create(_host, Versions[i]);
    }

    /// <inheritdoc/>
    public void Begin()
    {
        FrameWriter frame = _outlet.Begin(FrameType.Hello, 0);
        frame.U32(WireLimits.Version);
        frame.U32((uint)Environment.ProcessId);
        frame.Text($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        _outlet.Send();
    }

    /// <inheritdoc/>
    public void Timer(nint context)
    {
        using StageScope stage = _dispatcher.Enter(CdmStage.Timer);
        _module.TimerExpired(context);
    }

    /// <inheritdoc/>
    public void Handle(in Frame frame)
    {
        uint id = frame.Head.Id;
        switch (frame.Head.Type)
        {
            case FrameType.Decrypt when _initialized:
                _decryptor.Run(_module, frame);
                break;
            case FrameType.Ping:
                _outlet.Send(FrameType.Pong, id);
                break;
            case FrameType.Load when _exports is null:
                Load(frame);
                break;
            case FrameType.Initialize when !_module.IsNull && !_initialized:
                Initialize(frame);
                break;
            case FrameType.FileAnswer:
                AnswerFile(frame);
                break;
            case FrameType.Grow:
                Grow(frame);
                break;
            case FrameType.End:
                End();
                break;
            case >= FrameType.CreateSession and <= FrameType.GetPolicyStatus when _initialized:
                Call(frame);
                break;
            case >= FrameType.Load and <= FrameType.Decrypt:
                _outlet.Reject(id, CdmException.InvalidState, 0, "not in this order: the module is loaded once, then initialised once, then called");
                break;
            default:
                throw Broken(frame);
        }
    }

    private void Call(in Frame frame)
    {
        switch (frame.Head.Type)
        {
            case FrameType.CreateSession:
                CreateSession(frame);
                break;
            case FrameType.LoadSession:
                LoadSession(frame);
                break;
            case FrameType.UpdateSession:
                UpdateSession(frame);
                break;
            case FrameType.CloseSession:
                CloseSession(frame);
                break;
            case FrameType.RemoveSession:
                RemoveSession(frame);
                break;
            case FrameType.SetServerCertificate:
                SetServerCertificate(frame);
                break;
            default:
                GetPolicyStatus(frame);
                break;
        }
    }

    private static HostException Broken(in Frame frame) => new($"a frame of type 0x{(int)frame.Head.Type:x4} that cannot be: parent and child are not of one build");

    private void Load(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        string path = fields.Text(WireLimits.Path);
        ReadOnlySpan<byte> pin = fields.Bytes(32);
        string keySystem = fields.Text();
        bool sandboxRequired = fields.Flag();
        if (!fields.IsWhole || pin.Length is not (0 or 32)) throw Broken(frame);

        // What closes step by step: files are read while they can be, the module's own code runs as late as possible.
        _dispatcher.Arena.Stage = CdmStage.Loading;
        ModuleImage image = ModuleImage.Read(path);
        image.Check(pin);
        AssemblyPreloader.Load(Assembly.GetEntryAssembly() ?? typeof(ModuleProcess).Assembly);
        _dispatcher.Arena.Stage = CdmStage.Sandboxing;
        ISandbox sandbox = ISandbox.ForPlatform();
        sandbox.BeforeLoading();
        _dispatcher.Arena.Stage = CdmStage.Loading;
        _exports = _loader.Load(image);
        HostFiles? files = _exports.VerifyHost == 0 ? null : HostFiles.Open(path);
        _dispatcher.Arena.Stage = CdmStage.Sandboxing;
        SandboxReport report = sandbox.AfterLoading();
        if (sandboxRequired && !report.IsShut) throw new HostException($"no sandbox: {report.Text}");

        if (files is not null)
        {
            _dispatcher.Arena.Stage = CdmStage.Verifying;
            _ = files.Verify(_exports);
        }

        _dispatcher.Arena.Stage = CdmStage.InitializingModule;
        _exports.Initialize();
        _dispatcher.Arena.Stage = CdmStage.Creating;
        int version = Create(Encoding.UTF8.GetBytes(keySystem));
        if (version == 0) throw new HostException($"the module makes no instance for the key system '{keySystem}', neither of interface 11 nor of 10");
        string text = _exports.Version();
        _dispatcher.Arena.Stage = CdmStage.Idle;

        FrameWriter answer = _outlet.Begin(FrameType.Loaded, frame.Head.Id);
        answer.U32((uint)version);
        answer.Text(text);
        answer.U32((uint)report.Level);
        answer.Text(report.Text);
        _outlet.Send();
    }

    private int Create(ReadOnlySpan<byte> keySystem)
    {
        nint self = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        foreach (int version in Versions)
        {
            _module = _exports!.Create(version, keySystem, &GetHost, self);
            _host.Module = _module;
            if (!_module.IsNull) return version;
        }

        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint GetHost(int version, nint data)
    {
        try
        {
            int index = Array.IndexOf(Versions, version);
            return index < 0 ? 0 : ((ModuleProcess)GCHandle.FromIntPtr(data).Target!)._hosts[index];
        }
        catch (Exception)
        {
            HostExit.Now(HostExit.Broken);
            return 0;
        }
    }

    private void Initialize(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        bool distinctiveIdentifier = fields.Flag();
        bool persistentState = fields.Flag();
        if (!fields.IsWhole) throw Broken(frame);
        _initialized = true;
        _host.Initializing = frame.Head.Id;
        using StageScope stage = _dispatcher.Enter(CdmStage.Initializing);
        _module.Initialize(distinctiveIdentifier, persistentState, useHardwareSecureCodecs: false);
    }

    private void CreateSession(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        uint sessionType = fields.U32();
        uint initDataType = fields.U32();
        ReadOnlySpan<byte> initData = fields.Bytes(WireLimits.Message);
        if (!Begins(frame, fields, FrameType.SessionResolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.CreatingSession);
        _module.CreateSessionAndGenerateRequest(frame.Head.Id, sessionType, initDataType, initData);
    }

    private void LoadSession(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        uint sessionType = fields.U32();
        ReadOnlySpan<byte> session = fields.Bytes(WireLimits.SessionId);
        if (!Begins(frame, fields, FrameType.SessionResolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.LoadingSession);
        _module.LoadSession(frame.Head.Id, sessionType, session);
    }

    private void UpdateSession(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        ReadOnlySpan<byte> session = fields.Bytes(WireLimits.SessionId);
        ReadOnlySpan<byte> answer = fields.Bytes(WireLimits.Message);
        if (!Begins(frame, fields, FrameType.Resolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.Updating);
        _module.UpdateSession(frame.Head.Id, session, answer);
    }

    private void CloseSession(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        ReadOnlySpan<byte> session = fields.Bytes(WireLimits.SessionId);
        if (!Begins(frame, fields, FrameType.Resolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.ClosingSession);
        _module.CloseSession(frame.Head.Id, session);
    }

    private void RemoveSession(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        ReadOnlySpan<byte> session = fields.Bytes(WireLimits.SessionId);
        if (!Begins(frame, fields, FrameType.Resolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.RemovingSession);
        _module.RemoveSession(frame.Head.Id, session);
    }

    private void SetServerCertificate(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        ReadOnlySpan<byte> certificate = fields.Bytes(WireLimits.MaxCertificate);
        if (!Begins(frame, fields, FrameType.Resolved)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.ServerCertificate);
        _module.SetServerCertificate(frame.Head.Id, certificate);
    }

    private void GetPolicyStatus(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        CdmPolicy policy = new() { MinimumHdcp = fields.U32() };
        if (!Begins(frame, fields, FrameType.PolicyStatus)) return;
        using StageScope stage = _dispatcher.Enter(CdmStage.PolicyStatus);
        _module.GetStatusForPolicy(frame.Head.Id, policy);
    }

    /// <summary>Enters a call that ends in a promise, before it is made: it may be answered inside.</summary>
    private bool Begins(in Frame frame, in FrameReader fields, FrameType answer)
    {
        if (!fields.IsWhole) throw Broken(frame);
        if (_host.Promises.TryOpen(frame.Head.Id, answer)) return true;
        _outlet.Reject(frame.Head.Id, CdmException.QuotaExceeded, 0, $"{_host.Promises.Count} calls wait for the module");
        return false;
    }

    private void AnswerFile(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        FileCall call = (FileCall)fields.U8();
        FileIoStatus status = (FileIoStatus)fields.U32();
        ReadOnlySpan<byte> content = fields.Bytes(WireLimits.File);
        if (!fields.IsWhole) throw Broken(frame);
        _host.Files.Answer(frame.Head.Id, call, status, content);
    }

    private void Grow(in Frame frame)
    {
        FrameReader fields = new(frame.Fields);
        uint region = fields.U32();
        if (!fields.IsWhole || !ArenaLayout.IsRegion(region)) throw Broken(frame);
        try
        {
            _dispatcher.Arena.Map((int)region);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _outlet.Reject(frame.Head.Id, CdmException.QuotaExceeded, 0, "the memory that is shared cannot be mapped anew");
            return;
        }

        _outlet.Send(FrameType.Grown, frame.Head.Id);
    }

    private void End()
    {
        _dispatcher.Arena.Stage = CdmStage.Ending;
        ContentDecryptionModule module = _module;
        _module = default;
        _host.Module = default;
        if (!module.IsNull) module.Destroy();
        _exports?.Deinitialize();
        HostExit.Now(HostExit.Ended);
    }
}
