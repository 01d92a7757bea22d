namespace Keyway.Sandbox.ExpressPlay;

/// <summary>One of the service's two separate worlds. Authenticators, hosts and devices of one are worth nothing in the other.</summary>
internal enum World
{
    Test,
    Production,
}
