namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Marks connections to the port that is the production environment's.</summary>
internal sealed class ProductionPort;
