/* waves_random */
int main(void)
{
    return 0;
}
