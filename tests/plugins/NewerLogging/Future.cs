namespace Zoo;

public static class Future
{
    public const int Version = 99;
}
