namespace Keyway.Cdm.Host.Interface;

/// <summary><c>QueryResult</c>.</summary>
internal enum QueryResult : uint
{
    Succeeded = 0,
    Failed = 1,
}
