namespace Zoo;

public class Base;
