namespace Keyway.Cdm.Host.Interface;

/// <summary><c>FileIOClient::Status</c>.</summary>
internal enum FileIoStatus : uint
{
    Success = 0,
    InUse = 1,
    Error = 2,
}
